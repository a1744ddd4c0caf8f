"""What a person types is a camera's address: any password, in the address or in its own field."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.addresses import AddressFault, Credentials, parse, parse_kept

HARD = [
    "p@ss",
    "a#b",
    "c^d",
    "e!f",
    "g:h",
    "[i]",
    "j,k",
    "l/m",
    "n?o",
    "p%q",
    "p%40q",
    "with space",
    "@",
    "/",
    "a@b/c#d?e:f[g]h,i!j^k%l m",
    "12/34",
    "12#34@56/78",
    "Zürich€",
    "&user=x",
    "\\",
    "\"'`$(id)",
]


@pytest.mark.parametrize("password", HARD)
@pytest.mark.parametrize(
    "rest", ["192.168.1.20:554/stream1", "cam.local/live?channel=1", "[fd00::7]:8554/", "localhost"]
)
@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_any_password_may_stand_in_the_address(scheme: str, password: str, rest: str) -> None:
    camera, credentials = parse(f"{scheme}://admin:{password}@{rest}")
    assert camera.text == f"{scheme}://{rest}"
    assert (credentials.username, credentials.password) == ("admin", password)


@pytest.mark.parametrize("password", HARD)
@pytest.mark.parametrize(
    "address", ["http://10.0.0.7/mjpg", "https://cam/@name/live", "rtsp://cam"]
)
def test_any_password_may_stand_in_its_own_field(address: str, password: str) -> None:
    camera, credentials = parse(address, "admin", password)
    assert camera.text == address
    assert credentials == Credentials("admin", password)


HOSTS = st.sampled_from(["192.168.1.5", "cam.example.com:8554", "[fd00::1]", "localhost:554"])
WORDS = st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(lambda it: it.strip())


@given(username=st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True), password=WORDS, host=HOSTS)
def test_what_was_typed_comes_out_unless_two_hosts_are_in_it(
    username: str, password: str, host: str
) -> None:
    typed = f"rtsp://{username}:{password}@{host}/s"
    try:
        camera, credentials = parse(typed)
    except AddressFault:
        assert "@" in password, "only an @ makes it unclear"
        return
    assert camera.text == f"rtsp://{host}/s"
    assert credentials == Credentials(username, password)


@given(password=WORDS)
def test_the_url_for_a_client_reads_back(password: str) -> None:
    camera, credentials = parse("rtsp://cam.local:554/s", "admin", password)
    url = camera.url(credentials)
    assert url.isascii()
    assert url.count("@") == 1
    assert not any(one in url.removeprefix("rtsp://") for one in "#?[] ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("RTSP://Cam.Local/Stream1", "rtsp://cam.local/Stream1"),
        ("  rtsp://cam/s ", "rtsp://cam/s"),
        ("https://www.youtube.com/@channel/live", "https://www.youtube.com/@channel/live"),
        ("https://example.com:8443/@a:b@c.d/x", "https://example.com:8443/@a:b@c.d/x"),
        ("page+https://example.com/live", "page+https://example.com/live"),
        ("rtsp://192.168.1.10:554/live@2", "rtsp://192.168.1.10:554/live@2"),
        ("http://0x7f.1:80/", "http://127.0.0.1:80/"),
        ("rtsp://bücher.example/s", "rtsp://xn--bcher-kva.example/s"),
        ("sim://store?seed=7&size=64x64", "sim://store?seed=7&size=64x64"),
        ("push://", "push://"),
        ("usb:///dev/video0", "usb:///dev/video0"),
        ("folder:///srv/exports/door 2", "folder:///srv/exports/door 2"),
    ],
)
def test_an_address_without_credentials_stays_what_it_is(typed: str, kept: str) -> None:
    camera, credentials = parse(typed)
    assert camera.text == kept
    assert not credentials
    assert parse_kept(camera.text) == camera


@pytest.mark.parametrize(
    ("typed", "kept", "url"),
    [
        (
            "http://10.0.0.7/video.cgi?user=admin&pwd=s3cret",
            "http://10.0.0.7/video.cgi?user={username}&pwd={password}",
            "http://10.0.0.7/video.cgi?user=admin&pwd=s3cret",
        ),
        (
            "rtsp://10.0.0.7:554/user=admin&password=p%40ss&channel=1",
            "rtsp://10.0.0.7:554/user={username}&password={password}&channel=1",
            "rtsp://10.0.0.7:554/user=admin&password=p%40ss&channel=1",
        ),
        (
            "https://cdn.example.com/live.m3u8?token=abc",
            "https://cdn.example.com/live.m3u8?token={password}",
            "https://cdn.example.com/live.m3u8?token=abc",
        ),
    ],
)
def test_credentials_in_the_query_are_kept_apart_too(typed: str, kept: str, url: str) -> None:
    camera, credentials = parse(typed)
    assert camera.text == kept
    assert camera.url(credentials) == url
    assert parse_kept(kept) == camera


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("admin:s3cret@cam/stream", "begins with"),
        ("gopher://admin:s3cret@cam/", "not watched"),
        ("file:///etc/passwd", "folder://"),
        ("rtsp://admin:s3cret@", "no host"),
        ("rtsp://admin:s3cret@cam:99999/", "no host"),
        ("rtsp://admin:s3cret@cam..x y/", "no host"),
        ("rtsp://admin:s3cret@cam.local/live stream", "space"),
        ("rtsp://admin:s3cret@10.0.0.7/live/me@example.com", "own fields"),
        ("rtsp://admin:s3cret\n@cam/", "control"),
        ("rtsp://[fe80::1%eth0]/", "no host"),
        ("rtsp://[::zz]/", "no host"),
        ("usb:///etc/passwd", "/dev/video0"),
        ("folder:///srv/../etc", "without `..`"),
        ("folder://srv", "from the root"),
        ("push://somewhere", "nothing else"),
        ("rtsp://" + "a" * 3000, "2048"),
    ],
)
def test_each_fault_has_a_sentence_and_no_password(typed: str, word: str) -> None:
    with pytest.raises(AddressFault) as caught:
        parse(typed)
    sentence = str(caught.value)
    assert word in sentence
    assert "s3cret" not in sentence
    assert sentence.endswith(".")


def test_two_passwords_are_one_too_many() -> None:
    with pytest.raises(AddressFault, match="leave one of them out"):
        parse("rtsp://admin:one@cam/", "", "two")


def test_a_user_name_may_stand_in_the_address_and_the_password_beside_it() -> None:
    camera, credentials = parse("rtsp://admin@cam/s", "", "p@ss")
    assert (camera.text, credentials) == ("rtsp://cam/s", Credentials("admin", "p@ss"))


def test_credentials_are_not_shown_when_printed() -> None:
    assert "s3cret" not in repr(Credentials("admin", "s3cret"))


def test_a_librarys_words_lose_the_password() -> None:
    credentials = Credentials("admin", "p@ss")
    text = "Connection refused: 'rtsp://admin:p%40ss@cam/s' p@ss"
    assert "ss'" not in credentials.hidden_in(text).replace("cam/s'", "")
    assert "p@ss" not in credentials.hidden_in(text)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("rtsp://cam.local:8554/s?x=1", "rtsp://10.0.0.7:8554/s?x=1"),
        ("rtsp://cam.local", "rtsp://10.0.0.7"),
        ("rtsp://[fd00::1]:554/s", "rtsp://10.0.0.7:554/s"),
    ],
)
def test_a_client_connects_to_what_was_checked(typed: str, at: str) -> None:
    camera, credentials = parse(typed)
    assert camera.at(ip_address("10.0.0.7")).text == at
    assert (
        camera.at(ip_address("fd00::7"))
        .url(Credentials("a", "b"))
        .startswith("rtsp://a:b@[fd00::7]")
    )
    assert not credentials


@pytest.mark.parametrize("url", ["http://public@169.254.169.254/", "http://a b/", "http:///x"])
def test_what_another_side_gave_has_no_credentials(url: str) -> None:
    with pytest.raises(AddressFault):
        parse_kept(url)
