"""What somebody sees whose sign-on ended otherwise than in a login, or needs a code yet."""

from collections.abc import Mapping
from html import escape

from schemas.targets import Language
from services.api.pages import sheet
from services.api.signon.faults import Ending

CODE_PATH = "/sign-on/code"
Texts = Mapping[str, str]

ENGLISH: Texts = {
    "title": "You are not signed in",
    "back": "To the login",
    "code_title": "One more step",
    "code_detail": "Enter the code of your authenticator app, or a recovery code.",
    "code_label": "Code",
    "code_button": "Sign in",
    "wrong": "That code is wrong, or was used already.",
    "off": "There is no single sign-on here.",
    "expired": "This sign-on was begun in another browser, or too long ago. Please begin again.",
    "used": "This sign-on was used already. Please begin again.",
    "changed": "Single sign-on was set up anew in the meantime. Please begin again.",
    "denied": "Your provider did not let you in.",
    "refused": "Your provider's answer cannot be used. An owner can see why in the log.",
    "unreachable": "Your provider does not answer. Try again in a moment; an owner can log in by "
    "password.",
    "busy": "Too many people sign in at this moment. Try again in a few seconds.",
    "untrusted": "Your provider's answer is not to be trusted. An owner can see why in the log.",
    "unverified": "Your provider has not verified your mail address.",
    "domain": "Your mail address is not of a domain that signs in here.",
    "uninvited": "You have no account here. Ask an owner to invite you.",
    "another": "The account of your mail address belongs to somebody else. Ask an owner.",
    "inactive": "Your account is deactivated. Ask an owner.",
    "throttled": "Too many sign-ons from your network. Try again in a minute.",
    "code": "That code is wrong, or was used already.",
}
KOREAN: Texts = {
    "title": "로그인되지 않았습니다",
    "back": "로그인 화면으로",
    "code_title": "한 단계가 더 남았습니다",
    "code_detail": "인증 앱의 코드나 복구 코드를 입력하세요.",
    "code_label": "코드",
    "code_button": "로그인",
    "wrong": "코드가 틀렸거나 이미 사용되었습니다.",
    "off": "이곳에는 통합 로그인이 없습니다.",
    "expired": "다른 브라우저에서 시작했거나 너무 오래된 로그인입니다. 다시 시작하세요.",
    "used": "이미 사용한 로그인입니다. 다시 시작하세요.",
    "changed": "그사이 통합 로그인 설정이 바뀌었습니다. 다시 시작하세요.",
    "denied": "인증 제공자가 로그인을 허용하지 않았습니다.",
    "refused": "인증 제공자의 응답을 쓸 수 없습니다. 소유자가 로그에서 이유를 볼 수 있습니다.",
    "unreachable": "인증 제공자가 응답하지 않습니다. 잠시 뒤 다시 시도하세요. 소유자는 비밀번호로"
    " 로그인할 수 있습니다.",
    "busy": "지금 로그인하는 사람이 너무 많습니다. 몇 초 뒤 다시 시도하세요.",
    "untrusted": "인증 제공자의 응답을 믿을 수 없습니다. 소유자가 로그에서 이유를 볼 수 있습니다.",
    "unverified": "인증 제공자가 메일 주소를 확인하지 않았습니다.",
    "domain": "이곳에서 로그인할 수 없는 도메인의 메일 주소입니다.",
    "uninvited": "계정이 없습니다. 소유자에게 초대를 요청하세요.",
    "another": "이 메일 주소의 계정은 다른 사람의 것입니다. 소유자에게 문의하세요.",
    "inactive": "비활성화된 계정입니다. 소유자에게 문의하세요.",
    "throttled": "같은 네트워크에서 로그인을 너무 많이 시도했습니다. 1분 뒤 다시 시도하세요.",
    "code": "코드가 틀렸거나 이미 사용되었습니다.",
}


def fault_page(language: Language, ending: Ending) -> str:
    texts = _texts(language)
    link = f'<a class="button primary" href="/">{escape(texts["back"])}</a>'
    return sheet(language, texts["title"], texts[ending], "", link)


def code_page(language: Language, is_wrong: bool) -> str:
    """Asks for a second factor."""
    texts = _texts(language)
    form = (
        f'<form method="post" action="{CODE_PATH}"><label>{escape(texts["code_label"])}'
        ' <input name="code" autocomplete="one-time-code" maxlength="64" required autofocus>'
        f'</label> <button class="button primary">{escape(texts["code_button"])}</button></form>'
    )
    state = texts["wrong"] if is_wrong else ""
    return sheet(language, texts["code_title"], texts["code_detail"], state, form)


def _texts(language: Language) -> Texts:
    return KOREAN if language == "ko" else ENGLISH
