#!/usr/bin/python3
"""GStreamer's RTSP server, for tests against a server that is not ours.

    gst-server.py [--address A] [--port N] [--tls both.pem] [--auth basic|digest|both]
                  [--multicast GROUP] [--file clip.mp4 ...]

It listens on 127.0.0.1, prints "ready PORT" when it can be asked, and ends when
its standard input does, so that it never outlives the test that started it. It
answers RTSP tunnelled through HTTP on the same port. With --tls everything is
within TLS (rtsps); the file has a certificate and its key.

    /live          H.264 and AAC, live, shared: a picture with a clock, 440 Hz
    /live-h265     H.265 and AAC
    /live-opus     H.264 and Opus
    /live-pcmu     H.264 and PCMU
    /live-pcma     H.264 and PCMA
    /live-vp8      VP8, and so on: the picture alone
    /live-vp9
    /live-jpeg
    /live-theora
    /live-fua      H.264 in small fragments (FU-A), its parameter sets in the SDP alone
    /live-stap     H.264, several units in a packet (STAP-A)
    /live-aac-latm 440 Hz alone, and so on
    /live-mp2
    /live-mp3
    /live-ac3
    /live-vorbis
    /live-speex
    /live-g722
    /live-g726
    /live-gsm
    /live-amr
    /live-amrwb
    /live-l16
    /live-l24
    /ts            H.264 and AAC in MPEG-TS, payload MP2T
    /vod           the MP4 file, on demand: it pauses and seeks; only with --file
    /vod-mkv       the Matroska file (--file clip.mkv)
    /vod-ts        the transport stream (--file clip.ts)
    /digest        as /live, for user alice with password p@ss:word, by Digest or
                   what --auth says
    /tcponly       as /live, interleaved only: SETUP for UDP is answered 461
    /udponly       as /live, UDP only
    /live-srtp     as /live, encrypted (SRTP), the keys in the description (MIKEY)
    /udponly-srtp  the same, UDP only
    /multicast     as /live, multicast only; only with --multicast

Needs gir1.2-gst-rtsp-server-1.0, python3-gi and GStreamer's plugins.
"""

import argparse
import ctypes
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

USER, PASSWORD = "alice", "p@ss:word"
BASIC, DIGEST = int(GstRtsp.RTSPAuthMethod.BASIC), int(GstRtsp.RTSPAuthMethod.DIGEST)
LOGINS = {"basic": BASIC, "digest": DIGEST, "both": BASIC | DIGEST}

PICTURE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1"
    " ! timeoverlay font-desc=\"Sans 36\" ! videoconvert ! video/x-raw,format=I420"
)
SOUND = "audiotestsrc is-live=true freq=440 volume=0.2 ! audioconvert ! audioresample"
X264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=400"
X265 = "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=400"

H264 = f"{PICTURE} ! {X264} ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1"
FUA = f"{PICTURE} ! {X264} ! h264parse ! rtph264pay name=pay0 pt=96 mtu=300 config-interval=0"
STAP = f"{PICTURE} ! {X264} ! h264parse ! rtph264pay name=pay0 pt=96 aggregate-mode=max-stap config-interval=-1"
H265 = f"{PICTURE} ! {X265} ! h265parse ! rtph265pay name=pay0 pt=96 config-interval=1"


# Sound alone: rate, channels, encoder and payloader.
SOUNDS = {
    "mp2": (48000, 2, "twolamemp2enc ! mpegaudioparse ! rtpmpapay"),
    "mp3": (44100, 2, "lamemp3enc ! mpegaudioparse ! rtpmpapay"),
    "ac3": (48000, 2, "avenc_ac3 bitrate=128000 ! ac3parse ! rtpac3pay pt=96"),
    "vorbis": (44100, 2, "vorbisenc ! rtpvorbispay pt=96 config-interval=1"),
    "speex": (16000, 1, "speexenc ! rtpspeexpay pt=96"),
    "g722": (16000, 1, "avenc_g722 ! rtpg722pay"),
    "g726": (8000, 1, "avenc_g726 bitrate=32000 ! rtpg726pay pt=96 force-aal2=false"),
    "gsm": (8000, 1, "gsmenc ! rtpgsmpay"),
    "amr": (8000, 1, "amrnbenc ! rtpamrpay pt=96"),
    "amrwb": (16000, 1, "voamrwbenc ! rtpamrpay pt=96"),
    "l16": (44100, 2, "audioconvert ! rtpL16pay"),
    "l24": (48000, 2, "audioconvert ! rtpL24pay pt=96"),
}

# On-demand files: ending, path, demuxer.
FILES = {
    ".mp4": ("/vod", "qtdemux"),
    ".mkv": ("/vod-mkv", "matroskademux"),
    ".ts": ("/vod-ts", "tsdemux"),
}


def aac_encoder():
    """The first AAC encoder that is installed."""
    for name in ("fdkaacenc", "avenc_aac", "voaacenc"):
        if Gst.ElementFactory.find(name):
            return name
    sys.exit("gst-server: no AAC encoder: install gstreamer1.0-libav")


def launches(files):
    """Maps each path to (pipeline, shared)."""
    aac = f"{SOUND} ! audio/x-raw,rate=48000,channels=2 ! {aac_encoder()} ! aacparse"
    telephone = f"{SOUND} ! audio/x-raw,rate=8000,channels=1"
    live = f"( {H264} {aac} ! rtpmp4gpay name=pay1 pt=97 )"
    paths = {
        "/live": (live, True),
        "/digest": (live, True),
        "/tcponly": (live, True),
        "/udponly": (live, True),
        "/live-srtp": (live, True),
        "/udponly-srtp": (live, True),
        "/multicast": (live, True),
        "/live-h265": (f"( {H265} {aac} ! rtpmp4gpay name=pay1 pt=97 )", True),
        "/live-opus": (f"( {H264} {SOUND} ! audio/x-raw,rate=48000 ! opusenc ! rtpopuspay name=pay1 pt=97 )", True),
        "/live-pcmu": (f"( {H264} {telephone} ! mulawenc ! rtppcmupay name=pay1 )", True),
        "/live-pcma": (f"( {H264} {telephone} ! alawenc ! rtppcmapay name=pay1 )", True),
        "/live-vp8": (f"( {PICTURE} ! vp8enc deadline=1 keyframe-max-dist=25 ! rtpvp8pay name=pay0 pt=96 )", True),
        "/live-vp9": (f"( {PICTURE} ! vp9enc deadline=1 cpu-used=8 keyframe-max-dist=25 ! rtpvp9pay name=pay0 pt=96 )", True),
        "/live-jpeg": (f"( {PICTURE} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )", True),
        "/live-theora": (f"( {PICTURE} ! theoraenc keyframe-force=25 ! rtptheorapay name=pay0 pt=96 )", True),
        "/live-fua": (f"( {FUA} )", True),
        "/live-stap": (f"( {STAP} )", True),
        "/live-aac-latm": (f"( {aac} ! rtpmp4apay name=pay0 pt=96 )", True),
        "/ts": (
            f"( {PICTURE} ! {X264} ! h264parse config-interval=-1 ! queue ! mux."
            f" {aac} ! queue ! mux. mpegtsmux name=mux alignment=7 ! rtpmp2tpay name=pay0 pt=33 )",
            True,
        ),
    }
    for name, (rate, channels, pay) in SOUNDS.items():
        caps = f"audio/x-raw,rate={rate},channels={channels}"
        paths["/live-" + name] = (f"( {SOUND} ! {caps} ! {pay} name=pay0 )", True)
    for file in files:
        path, demuxer = FILES[os.path.splitext(file)[1]]
        location = os.path.abspath(file).replace("\\", "\\\\").replace('"', '\\"')
        paths[path] = (
            f'( filesrc location="{location}" ! {demuxer} name=demux'
            " demux. ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! h264parse ! rtph264pay name=pay0 pt=96"
            " demux. ! queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! aacparse ! rtpmp4gpay name=pay1 pt=97 )",
            False,
        )
    return paths


def permissions(roles):
    """Lets roles have the media; others are asked to log in (401)."""
    perms = GstRtspServer.RTSPPermissions.new()
    for role in ("anyone", "user"):
        # Without access the answer would be 404; construct is what asks for a login.
        perms.add_permission_for_role(role, "media.factory.access", True)
        perms.add_permission_for_role(role, "media.factory.construct", role in roles)
    return perms


def token(role):
    result = GstRtspServer.RTSPToken.new()
    result.set_string("media.factory.role", role)
    return result


def login(kind):
    """Asks for a login by Basic, Digest or either of them."""
    auth = GstRtspServer.RTSPAuth.new()
    # gi takes the methods for an enumeration, which has no value for both. The
    # hash of an object is its address.
    library = ctypes.CDLL("libgstrtspserver-1.0.so.0")
    library.gst_rtsp_auth_set_supported_methods(ctypes.c_void_p(hash(auth)), ctypes.c_int(LOGINS[kind]))
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(USER, PASSWORD), token("user"))
    auth.add_digest(USER, PASSWORD, token("user"))
    auth.set_default_token(token("anyone"))
    return auth


def pool(group):
    """Where streams are sent to: a group with ports for several."""
    result = GstRtspServer.RTSPAddressPool.new()
    result.add_range(group, group, 5000, 5099, 4)
    return result


def serve(args):
    server = GstRtspServer.RTSPServer.new()
    server.set_address(args.address)
    server.set_service(str(args.port))
    auth = login(args.auth)
    if args.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(args.tls))
    server.set_auth(auth)
    mounts = server.get_mount_points()
    for path, (launch, shared) in launches(args.file).items():
        if path == "/multicast" and not args.multicast:
            continue
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(launch)
        factory.set_shared(shared)
        factory.set_permissions(permissions({"user"} if path == "/digest" else {"anyone", "user"}))
        if path == "/tcponly":
            factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
        elif path.startswith("/udponly"):
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        elif path == "/multicast":
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP_MCAST)
            factory.set_address_pool(pool(args.multicast))
        if path.endswith("-srtp"):
            factory.set_profiles(GstRtsp.RTSPProfile.SAVP | GstRtsp.RTSPProfile.SAVPF)
        mounts.add_factory(path, factory)
    if server.attach(None) == 0:
        sys.exit("gst-server: cannot listen")
    return server


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1", help="where to listen: ::1 for IPv6")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--file", action="append", default=[], help="an MP4, Matroska or TS file of H.264 and AAC")
    parser.add_argument("--auth", choices=sorted(LOGINS), default="digest", help="how /digest asks for a login")
    parser.add_argument("--tls", help="a PEM file of a certificate and its key")
    parser.add_argument("--multicast", help="the group for /multicast")
    args = parser.parse_args()

    Gst.init(None)
    server = serve(args)
    loop = GLib.MainLoop()

    def input_ended(_channel, _condition):
        if os.read(0, 4096):
            return True
        loop.quit()
        return False

    GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP | GLib.IO_ERR, input_ended)
    print("ready", server.get_bound_port(), flush=True)
    loop.run()
    # Running media would hold up the interpreter's own end.
    os._exit(0)


if __name__ == "__main__":
    main()
