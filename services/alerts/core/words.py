"""The words of messages, in the languages that targets may choose."""

from collections.abc import Mapping

from schemas.targets import Language

WORDS: Mapping[str, Mapping[Language, str]] = {
    "what": {"en": "What", "ko": "내용"},
    "camera": {"en": "Camera", "ko": "카메라"},
    "video": {"en": "Video", "ko": "영상"},
    "a camera": {"en": "a camera", "ko": "카메라"},
    "an uploaded video": {"en": "an uploaded video", "ko": "업로드된 영상"},
    "began": {"en": "Began", "ko": "시작"},
    "since": {"en": "Since", "ko": "발생 시각"},
    "time": {"en": "Time in the video", "ko": "영상 내 위치"},
    "peak": {"en": "Peak", "ko": "최고점"},
    "score": {"en": "score", "ko": "점수"},
    "severity": {"en": "Severity", "ko": "심각도"},
    "info": {"en": "info", "ko": "정보"},
    "warning": {"en": "warning", "ko": "경고"},
    "critical": {"en": "critical", "ko": "심각"},
    "reason": {"en": "Reason", "ko": "원인"},
    "late": {"en": "Late", "ko": "지연"},
    "rule": {"en": "Rule and model", "ko": "규칙과 모델"},
    "watch": {"en": "Watch it", "ko": "영상 보기"},
    "see": {"en": "See the camera", "ko": "카메라 보기"},
    "acknowledge": {"en": "Acknowledge", "ko": "확인 처리"},
    "escalated": {"en": "Not acknowledged", "ko": "미확인"},
    "test": {"en": "Test message", "ko": "시험 메시지"},
    "tested": {
        "en": "This is a test: messages of alerts arrive here.",
        "ko": "시험 메시지입니다. 알림이 이곳으로 전달됩니다.",
    },
    "digest": {"en": "{count} alerts", "ko": "알림 {count}건"},
    "no picture": {"en": "There is no picture", "ko": "사진이 없습니다"},
    "follows": {
        "en": "The picture follows on the page.",
        "ko": "사진은 잠시 후 페이지에서 볼 수 있습니다.",
    },
    "was late": {
        "en": "This was filmed while the way from the camera to us was cut, and comes late.",
        "ko": "카메라와의 연결이 끊긴 동안 촬영되어 늦게 도착했습니다.",
    },
    "to": {"en": "to", "ko": "~"},
    "at": {"en": "at", "ko": "·"},
    "moment": {"en": "the moment of the peak", "ko": "최고점의 순간"},
}


def of(language: Language, name: str) -> str:
    return WORDS[name][language]
