"""Making the playable copy: H.264 in an MP4 whose index comes first.

Both ways keep the analysis' time: zero is the first frame. Memory is a few frames, disk one copy.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from services.chassis.media.container import Container
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.shape import Size, scaled_size
from services.chassis.media.timeline import Timeline
from services.chassis.media.video import FileVideo, open_video
from services.ingest.playable import PLAIN_SOUND, Remedy

SHORT_SIDE = 720
MOST_FRAMES_PER_S = 30
TICK = Fraction(1, 90_000)
BT709, BT601 = 1, 6
"""Colour matrices as ITU-T H.273 numbers them; browsers know these two."""
ENCODER = {"preset": "veryfast", "crf": "26", "g": "60"}

Packet: TypeAlias = "av.Packet[Stream]"
KeepGoing = Callable[[], None]
"""Called now and then; raises to stop."""


def make_playable(
    readable: BinaryIO, target: Path, how: Remedy, limits: MediaLimits, keep_going: KeepGoing
) -> None:
    """Write the copy to `target`. A remux that fails becomes a transcode.

    Raises BadVideo where even that fails; errors of the reader and of `keep_going` go through.
    """
    if how == "remux":
        try:
            return _remux(readable, target, limits, keep_going)
        except (av.FFmpegError, ValueError):
            readable.seek(0)
    try:
        return _transcode(readable, target, limits, keep_going)
    except (av.FFmpegError, ValueError) as error:
        raise BadVideo("No playable copy of the video can be made.") from error


def _create(target: Path) -> OutputContainer:
    return av.open(str(target), "w", format="mp4", options={"movflags": "faststart"})


def _remux(readable: BinaryIO, target: Path, limits: MediaLimits, keep_going: KeepGoing) -> None:
    with open_video(readable, limits) as video:
        zero_s = Fraction(video.first.at_s or 0.0)
    readable.seek(0)
    with closing(Container(readable, limits)) as source, _create(target) as copy:
        sound = [one for one in source.input.streams if _is_plain_sound(one)][:1]
        twins = {
            one.index: copy.add_stream_from_template(one, opaque=True)
            for one in (source.video, *sound)
        }
        for packet in _from_zero(source.packets(source.video, *sound), zero_s):
            keep_going()
            packet.stream = twins[packet.stream_index]
            copy.mux(packet)


def _from_zero(packets: Iterable[Packet], zero_s: Fraction) -> Iterator[Packet]:
    """Packets with the first picture at zero: those of pictures from the first key frame on, those
    of sound from zero on. What comes before cannot be shown and would move the player's zero.
    """
    has_picture = False
    for packet in packets:
        if packet.dts is None or packet.pts is None or packet.time_base is None:
            _refuse_untimed(packet)
            continue
        _shift(packet, zero_s)
        if isinstance(packet.stream, VideoStream):
            has_picture = has_picture or packet.is_keyframe
            if has_picture:
                yield packet
        elif packet.pts >= 0:
            yield packet


def _is_plain_sound(stream: Stream) -> bool:
    codec = stream.codec_context
    return isinstance(stream, AudioStream) and codec is not None and codec.name in PLAIN_SOUND


def _refuse_untimed(packet: Packet) -> None:
    """An empty packet is the end of a stream; one with content must have its times."""
    if packet.size:
        raise ValueError("packets without timestamps cannot be copied")


def _shift(packet: Packet, zero_s: Fraction) -> None:
    ticks = round(zero_s / packet.time_base)
    packet.pts, packet.dts = (packet.pts or 0) - ticks, (packet.dts or 0) - ticks


def _transcode(
    readable: BinaryIO, target: Path, limits: MediaLimits, keep_going: KeepGoing
) -> None:
    with open_video(readable, limits) as video, _create(target) as copy:
        stream = _add_video(copy, video, limits)
        for picture in _plain_pictures(video, Size(stream.width, stream.height)):
            keep_going()
            copy.mux(stream.encode(picture))
        copy.mux(stream.encode())


def _add_video(copy: OutputContainer, video: FileVideo, limits: MediaLimits) -> VideoStream:
    size = scaled_size(video.unturned, SHORT_SIDE)
    rate = Fraction(min(1 / video.step_s, MOST_FRAMES_PER_S)).limit_denominator(1001)
    stream = copy.add_stream("libx264", rate=rate, options=ENCODER)
    stream.width, stream.height = size.width, size.height
    stream.pix_fmt = "yuv420p"
    stream.codec_context.colorspace = BT709 if video.colorspace == BT709 else BT601
    stream.codec_context.color_range = ColorRange.MPEG
    stream.codec_context.time_base = TICK
    stream.codec_context.thread_count = limits.decode_threads
    if video.rotation:
        stream.set_display_rotation(video.rotation)
    return stream


def _plain_pictures(video: FileVideo, size: Size) -> Iterator[av.VideoFrame]:
    """Scaled, on the timeline of the analysis, each later than the one before."""
    reformatter = VideoReformatter()
    matrix = Colorspace.ITU709 if video.colorspace == BT709 else Colorspace.ITU601
    timeline = Timeline(video.step_s)
    earliest_s = 0.0
    for frame in video.frames():
        start_s = timeline.place(frame).start_s
        if start_s < earliest_s:
            continue
        earliest_s = start_s + 0.9 / MOST_FRAMES_PER_S
        picture = reformatter.reformat(
            frame.picture,
            size.width,
            size.height,
            "yuv420p",
            dst_colorspace=matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        picture.pts, picture.time_base = round(start_s / TICK), TICK
        picture.pict_type = 0
        yield picture
