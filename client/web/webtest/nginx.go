//go:build unix

package webtest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tapedeck/client/peers"
)

// StartNginx starts a real nginx that serves the folder root, with locations
// (in nginx's language) beside it, on a free port of 127.0.0.1, and ends it
// with the test. It returns the server's URL. Where nginx is missing the test
// is skipped, in CI it fails.
func StartNginx(t TB, root, locations string) string {
	t.Helper()
	return startNginx(t, root, locations, freePort(t), "")
}

// StartNginxTLS is StartNginx that speaks TLS and HTTP/2 on a second port, of
// which $secure in locations is the URL. cert and key are the PEM files of its
// certificate.
func StartNginxTLS(t TB, root, locations, cert, key string) (plain, secure string) {
	t.Helper()
	port, second := freePort(t), freePort(t)
	more := fmt.Sprintf("listen 127.0.0.1:%d ssl http2; ssl_certificate %s; ssl_certificate_key %s;", second, cert, key)
	locations = strings.ReplaceAll(locations, "$secure", fmt.Sprintf("https://127.0.0.1:%d", second))
	return startNginx(t, root, locations, port, more), fmt.Sprintf("https://127.0.0.1:%d", second)
}

func startNginx(t TB, root, locations string, port int, more string) string {
	t.Helper()
	nginx := peers.Find(t, "nginx")
	if nginx == "" {
		return ""
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	// One process, which does not change its user: nothing is left behind, and
	// the test's own folders can be read.
	text := fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  types { video/mp4 mp4; audio/mpeg mp3; video/mp2t ts; text/html html; }
  server {
    listen 127.0.0.1:%[2]d;
    %[5]s
    root %[3]s;
    location = /.ready { return 200 "ready"; }
    %[4]s
  }
}
`, dir, port, root, locations, more)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatalf("nginx: %v", err)
	}
	run(t, exec.Command(nginx, "-e", "stderr", "-p", dir, "-c", config))
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	for end := time.Now().Add(peerPatience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequest(http.MethodGet, url+"/.ready", nil)
		if err == nil && get(req) == http.StatusOK {
			return url
		}
	}
	t.Fatalf("nginx: not there after %v", peerPatience)
	return ""
}
