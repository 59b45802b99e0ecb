"""What ffmpeg may open: the formats of real media files, and files only.

Some of ffmpeg's formats are lists of other files, or devices: HLS, DASH, ``concat``, image
sequences, SDP, VobSub, IMF, ``lavfi``. A file of five lines in the guise of a film would make
ffmpeg read another file, or a host. None of the formats below opens anything but the file itself.
QuickTime could, and does so only with an option that is never given (``-enable_drefs``).
"""

from __future__ import annotations

MEDIA_DEMUXERS = tuple(
    (
        # Films and recordings.
        "matroska webm mov mp4 m4a 3gp 3g2 mj2 avi mpegts mpeg mpegvideo asf asf_o flv live_flv "
        "kux ogg mxf mxf_opatom rm wtv dv gxf lxf nut nsv nuv pva ty vivo ivf dhav smjpeg lmlm4 "
        # Elementary streams of video.
        "h261 h263 h264 hevc vvc av1 obu m4v vc1 vc1test dirac dnxhd cavsvideo avs2 avs3 mjpeg "
        "yuv4mpegpipe "
        # Sound.
        "mp3 aac loas flac wav w64 aiff caf au ac3 ac4 eac3 dts dtshd truehd mlp ape wv tta tak "
        "mpc mpc8 shn oma amr amrnb amrwb voc sox dsf iff gsm g722 g729 codec2 qcp dss xwma rso "
        "spdif ircam nistsphere pvf wve"
    ).split()
)
"""ffmpeg's names of the demuxers that may read a media file."""

INPUT_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(MEDIA_DEMUXERS)}
"""Options of ffmpeg and ffprobe before every media file."""
