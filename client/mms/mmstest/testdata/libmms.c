/* Saves a stream by libmms: libmms URL FILE [SECOND]
 * mmsh: URLs go over HTTP, all others over TCP. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmms/mms.h>
#include <libmms/mmsh.h>

int main(int argc, char **argv)
{
	static char buf[65536];
	int http = argc > 1 && !strncmp(argv[1], "mmsh:", 5);
	mms_t *m = NULL;
	mmsh_t *h = NULL;
	FILE *f;
	int n;

	if (argc < 3)
		return 2;
	if (http)
		h = mmsh_connect(NULL, NULL, argv[1], 1 << 30);
	else
		m = mms_connect(NULL, NULL, argv[1], 1 << 30);
	if (!h && !m) {
		fprintf(stderr, "no connection\n");
		return 1;
	}
	f = fopen(argv[2], "wb");
	if (!f)
		return 1;
	if (argc > 3) {
		double at = atof(argv[3]);
		n = http ? mmsh_peek_header(h, buf, sizeof buf) : mms_peek_header(m, buf, sizeof buf);
		if (n > 0) /* what is read behind a seek is without */
			fwrite(buf, 1, n, f);
		if (!(http ? mmsh_time_seek(NULL, h, at) : mms_time_seek(NULL, m, at))) {
			fprintf(stderr, "no seek\n");
			return 1;
		}
	}
	while ((n = http ? mmsh_read(NULL, h, buf, sizeof buf) : mms_read(NULL, m, buf, sizeof buf)) > 0)
		fwrite(buf, 1, n, f);
	fclose(f);
	if (http)
		mmsh_close(h);
	else
		mms_close(m);
	return 0;
}
