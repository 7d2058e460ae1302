#!/usr/bin/python3
"""GStreamer's RTSP client, for tests of a server that is ours.

    gst-client.py URL tcp|udp SOUND

It plays the H.264 and AAC at URL with rtspsrc, writes the pictures as gray
pixels to standard output and the sound as 16 bit samples to the file SOUND, and
ends when standard input does, with TEARDOWN.

Pads are linked as they appear. gst-launch and playbin wait for "no more pads",
which GStreamer 1.22 may say too early when two streams begin in the same
moment: one of them is then never linked.
"""

import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
url, protocols, sound = sys.argv[1:]
decoders = {
    "video": "rtph264depay ! avdec_h264 ! videoconvert ! video/x-raw,format=GRAY8 ! fdsink sync=false async=false",
    "audio": "rtpmp4gdepay ! avdec_aac ! audioconvert ! audioresample"
    " ! audio/x-raw,format=S16LE,channels=1,rate=48000 ! filesink name=file sync=false async=false buffer-mode=unbuffered",
}

pipeline = Gst.Pipeline.new(None)
source = Gst.ElementFactory.make("rtspsrc", None)
source.set_property("location", url)
source.set_property("latency", 200)
Gst.util_set_object_arg(source, "protocols", protocols)
pipeline.add(source)
loop = GLib.MainLoop()


def pad_added(_source, pad):
    media = pad.get_current_caps().get_structure(0).get_string("media")
    decoder = Gst.parse_bin_from_description(decoders[media], True)
    if media == "audio":
        decoder.get_by_name("file").set_property("location", sound)
    pipeline.add(decoder)
    decoder.sync_state_with_parent()
    pad.link(decoder.get_static_pad("sink"))


def message(_bus, msg):
    if msg.type == Gst.MessageType.ERROR:
        print(*msg.parse_error(), file=sys.stderr)
    if msg.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
        loop.quit()


def input_ended(_channel, _condition):
    if os.read(0, 4096):
        return True
    loop.quit()
    return False


source.connect("pad-added", pad_added)
pipeline.get_bus().add_signal_watch()
pipeline.get_bus().connect("message", message)
GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP | GLib.IO_ERR, input_ended)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
