#!/bin/sh
# Makes the clip: 60 s of a clock and a climbing tone. Run once; the results
# are committed. Needs ffmpeg with libx264 and libmp3lame, and the DejaVu fonts.
# The layout of the picture and the tone's rule are known to measure.go too.
set -eu
cd "$(dirname "$0")"
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The row: white marks at both ends, and between them eight blocks, the most
# significant first, that are white for 1 and black for 0.
row="drawbox=x=28:y=128:w=6:h=24:color=white:t=fill,drawbox=x=286:y=128:w=6:h=24:color=white:t=fill"
for bit in 7 6 5 4 3 2 1 0; do
	x=$((40 + (7 - bit) * 30))
	row="$row,drawbox=x=$x:y=128:w=24:h=24:color=black:t=fill"
	row="$row,drawbox=x=$x:y=128:w=24:h=24:color=white:t=fill:enable='mod(floor((t+0.001)/$((1 << bit))),2)'"
done
clock="%{eif\\:floor((t+0.001)/60)\\:d\\:2}\\:%{eif\\:mod(floor(t+0.001),60)\\:d\\:2}.%{eif\\:mod(floor(t*10+0.001),10)\\:d\\:1}"

# Annex B, no B-frames, a key picture each second with its parameter sets.
ffmpeg -v error -y -f lavfi -i "color=0x182430:size=320x180:rate=25:duration=60" \
	-vf "drawtext=fontfile=$font:text='$clock':fontsize=54:fontcolor=0xd0d8e0:x=40:y=44,$row,format=yuv420p" \
	-c:v libx264 -preset veryslow -crf 27 -profile:v baseline -level 1.3 \
	-x264-params "aud=1:repeat-headers=1:keyint=25:min-keyint=25:scenecut=0:bframes=0:ref=1:slices=1" \
	-bsf:v "filter_units=remove_types=6" -fflags +bitexact -f h264 "$work/clip.h264"

# The tone: 400 Hz and 10 Hz more each second. Each second holds whole cycles,
# so the phase is continuous, at the end of a loop as well.
ffmpeg -v error -y -f lavfi -i "aevalsrc='0.2*sin(2*PI*(400+10*floor(t))*(t-floor(t)))':s=48000:c=mono:d=60" \
	-c:a pcm_s16le "$work/tone.wav"

# The AAC encoder's first packet is its priming: without it the first sample of
# the first packet is the first sample of the tone.
ffmpeg -v error -y -i "$work/tone.wav" -c:a aac -b:a 40k -bsf:a "noise=drop=not(n)" -fflags +bitexact -f adts "$work/clip.aac"

ffmpeg -v error -y -i "$work/tone.wav" -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0 -fflags +bitexact "$work/tone.mp3"

ffmpeg -v error -y -fflags +genpts -framerate 25 -i "$work/clip.h264" -i "$work/clip.aac" \
	-c copy -fflags +bitexact -video_track_timescale 90000 -movflags +faststart "$work/clip.mp4"

mv "$work"/clip.* "$work"/tone.mp3 .
