"""Labels of every format become the same values; what is wrong is named with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.training.datasets import LabelError, Labels, Span, read, stem

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str, name: str = "labels.txt") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    return written


def told(labels: Labels) -> list[tuple[str, str, object]]:
    """Video, label, and spans as plain times."""
    return [
        (one.video, one.label, one.spans and [(a.start_s, a.end_s) for a in one.spans])
        for one in labels.videos
    ]


def test_the_training_list_of_ucf_crime(write: Write) -> None:
    labels = read(
        write(
            "Abuse/Abuse001_x264.mp4\n"
            "Training_Normal_Videos_Anomaly/Normal_Videos003_x264.mp4\n"
            "Robbery/Robbery003_x264.mp4\n"
        )
    )
    assert labels.kind == "UCF-Crime list"
    assert told(labels) == [
        ("Abuse/Abuse001_x264.mp4", "Abuse", None),
        ("Training_Normal_Videos_Anomaly/Normal_Videos003_x264.mp4", "normal", ()),
        ("Robbery/Robbery003_x264.mp4", "Robbery", None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Arrest039_x264.mp4  Arrest  7215  10335  12000  12300  ",
        "Arrest/Arrest039_x264.mp4 15836 Arrest 7215 10335 12000 12300",
    ],
)
def test_temporal_annotations_of_ucf_crime_count_thirty_frames_a_second(
    line: str, write: Write
) -> None:
    normal = "Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1  "
    abnormal, quiet = read(write(f"{line}\n\n{normal}\n")).videos
    assert abnormal.spans == (Span(240.5, 344.5, "Arrest"), Span(400.0, 410.0, "Arrest"))
    assert quiet.is_normal


def test_the_frame_rate_can_be_said(write: Write) -> None:
    path = write("Arson010_x264.mp4  Arson  50  100  -1  -1\n")
    assert read(path, frame_rate=25.0).videos[0].spans == (Span(2.0, 4.0, "Arson"),)


def test_names_of_xd_violence_say_what_they_show(write: Write) -> None:
    labels = read(
        write(
            "train/Bad.Boys.1995__#00-26-51_00-27-53_label_B2-0-0__0.npy\n"
            "train/Bad.Boys.1995__#00-26-51_00-27-53_label_B2-0-0__1.npy\n"
            "train/v=SNeQ__#1_label_A__0.npy\n"
            "train/Deadpool.2016__#0-10_0-20_label_G-B2-B6__0.npy\n"
        )
    )
    assert [(one.label, one.source) for one in labels.videos] == [
        ("shooting", "Bad.Boys.1995"),
        ("normal", "v=SNeQ"),
        ("explosion", "Deadpool.2016"),
    ]
    assert not labels.others_are_normal


def test_annotations_of_xd_violence_count_24_frames_a_second(write: Write) -> None:
    labels = read(
        write(
            "Bad.Boys.1995__#01-33-51_01-34-37_label_B2-0-0 24 48\n"
            "v=S-7rRL__#1_label_B4-0-0.mp4 150 420 48 96\n"
        )
    )
    first, second = labels.videos
    assert first.spans == (Span(1.0, 2.0, "shooting"),)
    assert second.spans == (Span(2.0, 4.0, "riot"), Span(6.25, 17.5, "riot"))
    assert labels.others_are_normal


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><name>x</name></task></meta>
<track id="0" label="person"><box frame="5" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/></track>
{tracks}
</annotations>
"""
NAME = "C_3_12_16_BU_SMB_09-01_14-40-24_CD_RGB_DF2_F2"


def track(number: int, label: str, *frames: int) -> str:
    boxes = "".join(f'<box frame="{frame}" outside="0"/>' for frame in frames)
    return f'<track id="{number}" label="{label}">{boxes}</track>'


def test_tracks_of_ai_hub_mark_spans_by_their_first_box(write: Write, tmp_path: Path) -> None:
    tracks = (
        track(1, "theft_end", 300, 310)
        + track(2, "theft_start", 150, 151, 152)
        + track(3, "theft_start", 450)
        + track(4, "theft_end", 600)
        + track(5, "damage_start", 200)
        + track(6, "damage_end", 210)
    )
    write(CVAT.format(tracks=tracks), f"abnormal/{NAME}.xml")
    write(CVAT.format(tracks=""), "normal/quiet.xml")
    thief, quiet = read(tmp_path).videos
    assert thief.spans == (
        Span(5.0, 10.0, "theft"),
        Span(200 / 30, 7.0, "damage"),
        Span(15.0, 20.0, "theft"),
    )
    assert (thief.video, thief.source) == (f"abnormal/{NAME}", "BU_SMB_09-01")
    assert quiet.is_normal


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        (track(7, "theft_start", 10), r"x\.xml: track 7 \(theft_start\) starts at frame 10"),
        (track(8, "theft_end", 10), r"x\.xml: track 8 \(theft_end\) ends at frame 10"),
        (track(1, "theft_start", 10) + track(2, "damage_end", 20), "never ends"),
        (track(1, "theft_start", 20) + track(2, "theft_end", 10), "never ends"),
        (track(9, "theft_start"), r"track 9 \(theft_start\) has no box"),
    ],
)
def test_an_edge_without_its_other_is_an_error(tracks: str, said: str, write: Write) -> None:
    with pytest.raises(LabelError, match=said):
        read(write(CVAT.format(tracks=tracks), "x.xml"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY b "b">]><annotations>&b;</annotations>', "document type"),
        ("<annotations><track></annotations>", "no XML"),
        ("<html></html>", "no CVAT export"),
    ],
)
def test_xml_that_is_no_label_file_is_refused(content: str, said: str, write: Write) -> None:
    with pytest.raises(LabelError, match=said):
        read(write(content, "x.xml"))


def test_a_folder_is_a_label(tmp_path: Path) -> None:
    for name in ("normal/a.mp4", "fight/b.mp4.npz", "fight/cam 1/c.AVI", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert told(read(tmp_path)) == [
        ("fight/b", "fight", None),
        ("fight/cam 1/c", "fight", None),
        ("normal/a", "normal", ()),
    ]


def test_a_csv_of_spans(write: Write) -> None:
    labels = read(
        write(
            "video,start_s,end_s,label,source\n"
            "a.mp4,10,12.5,theft,camera 1\n"
            "a.mp4,1,2,fight,camera 1\n"
            "b.mp4,,,fall,\n"
            '"c, d.mp4",,,Normal,camera 2\n'
        )
    )
    a, b, c = labels.videos
    assert a.spans == (Span(1.0, 2.0, "fight"), Span(10.0, 12.5, "theft"))
    assert a.source == "camera 1"
    assert (b.label, b.spans, b.source) == ("fall", None, "b.mp4")
    assert (c.video, c.is_normal, c.source) == ("c, d.mp4", True, "camera 2")
    assert labels.others_are_normal


HEADER = "video,start_s,end_s,label,source\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADER + "a.mp4,1,2,fight,\nb.mp4,x,2,fight,\n", "line 3: times are seconds"),
        (HEADER + "a.mp4,2,1,fight,\n", "line 2: a span from 2 to 1 s"),
        (HEADER + "a.mp4,1,,fight,\n", "line 2: times"),
        (HEADER + "a.mp4,1,inf,fight,\n", "line 2: a span"),
        (HEADER + "a.mp4,1,2,,\n", "line 2: a row needs"),
        (HEADER + "a.mp4,1,2,normal,\n", "line 2: a normal video has no times"),
        (HEADER + "a.mp4,1,2,fight,x\na.mp4,3,4,fight,y\n", "several sources"),
        (HEADER + "a.mp4,1,2,fight,\na.mp4,,,fight,\n", "as a whole and otherwise"),
        ("video,label\na.mp4,fight\n", "line 1: no column start_s, end_s"),
        (HEADER, "labels no video"),
        ("Abuse/Abuse001.mp4\nAbuse002.mp4\n", "line 2: .*no folder"),
        ("Abuse/Abuse001.mp4\nAbuse/Abuse001.mp4\n", "twice"),
        ("A01.mp4  Abuse  165  240  -1  -1\nA02.mp4  Abuse  9  x\n", "line 2: 'x' is no frame"),
        ("A01.mp4  Abuse  240  165  -1  -1\n", "line 1: a span from frame 240 to 165"),
        ("A01.mp4  Abuse  -1  -1  -1  -1\n", "line 1: Abuse happens"),
        ("A01.mp4  Normal  1  2  -1  -1\n", "line 1: a normal video"),
        ("a__#1_label_B1-0-0 1 2 3\n", "line 1: frame numbers come in pairs"),
        ("a__#1_label_B1-0-0\nb__#1_label_B9-0-0\n", "line 2: .*B9 is no class"),
        ("something else\n", "line 1: 'something else' is none of the formats"),
        ("", "none of the formats"),
    ],
)
def test_what_is_wrong_is_named(content: str, said: str, write: Write) -> None:
    with pytest.raises(LabelError, match=rf"labels\.txt.*{said}"):
        read(write(content))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.mp4", "a/b"),
        ("./a/b.mp4.npz", "a/b"),
        ("a\\b.AVI", "a/b"),
        ("Bad.Boys.1995__#01_label_A.npy", "Bad.Boys.1995__#01_label_A"),
    ],
)
def test_a_video_has_one_name_whatever_the_file(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="cannot be read"):
        read(tmp_path / "absent.csv")
    with pytest.raises(LabelError, match="no folders with videos"):
        read(tmp_path)
