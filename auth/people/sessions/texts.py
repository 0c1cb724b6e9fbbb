"""What the pages say: English, and 简体中文 below it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    @property
    def both(self) -> str:
        """Both on one line."""
        return f"{self.en} · {self.zh}"

    @property
    def lines(self) -> str:
        """Both, each on a line of its own: what the script shows."""
        return f"{self.en}\n{self.zh}"


SIGN_IN: Final = Text("Sign in", "登录")
SIGN_IN_HELP: Final = Text(
    "Use the passkey of this device or of your phone. There is no password.",
    "请使用本设备或手机上的通行密钥。无需密码。",
)
SIGN_IN_BUTTON: Final = Text("Sign in with a passkey", "使用通行密钥登录")
AGAIN_HELP: Final = Text(
    "What you are about to do needs your passkey once more.",
    "接下来的操作需要再次验证您的通行密钥。",
)
INVITATION: Final = Text("Welcome", "欢迎")
INVITATION_HELP: Final = Text(
    "Make a passkey on this device. From then on it is how you sign in.",
    "请在本设备上创建通行密钥，今后即用它登录。",
)
INVITATION_BUTTON: Final = Text("Make a passkey", "创建通行密钥")
SESSION: Final = Text("You are signed in", "您已登录")
SIGN_OUT: Final = Text("Sign out", "退出登录")
SIGNED_OUT: Final = Text("You are signed out", "您已退出登录")
SIGN_IN_AGAIN: Final = Text("Sign in again", "重新登录")
PASSKEYS: Final = Text("Your passkeys", "您的通行密钥")
PASSKEYS_HELP: Final = Text(
    "A second passkey, on another device, lets you in when you lose the first. Whenever one is"
    " added or removed, all your other sessions end.",
    "在另一台设备上添加第二个通行密钥，即使丢失第一个也能登录。每次添加或移除，您的其他会话都会结束。",
)
MADE: Final = Text("Made", "创建于")
USED: Final = Text("last used", "最近使用")
NEVER: Final = Text("never", "从未")
ADD_BUTTON: Final = Text("Add a passkey", "添加通行密钥")
REMOVE_BUTTON: Final = Text("Remove", "移除")
STEP_UP_LINK: Final = Text(
    "To add or remove one, show your passkey once more", "如需添加或移除，请再次验证您的通行密钥"
)
LAST_STAYS: Final = Text(
    "The last passkey stays: without it you could not sign in. Add another one first.",
    "最后一个通行密钥不能移除，否则您将无法登录。请先添加另一个。",
)
NO_SUCH_PASSKEY: Final = Text("There is no such passkey of yours.", "您没有这个通行密钥。")
TOO_MANY_PASSKEYS: Final = Text(
    "You have as many passkeys as there may be. Remove one first.",
    "您的通行密钥数量已达上限，请先移除一个。",
)
NOT_SIGNED_IN: Final = Text("You are not signed in any more.", "您已不在登录状态。")
WAITING: Final = Text("Waiting for your passkey…", "正在等待通行密钥……")
STOPPED: Final = Text(
    "The passkey was not used. Try again when you are ready.", "未使用通行密钥，请准备好后重试。"
)
NEEDS_SCRIPT: Final = Text(
    "Passkeys need JavaScript of this site.", "通行密钥需要启用本站的 JavaScript。"
)
REFUSED: Final = Text(
    "That passkey was not accepted. Begin again.", "该通行密钥未被接受，请重新开始。"
)
INVITATION_NOT_VALID: Final = Text(
    "The invitation was used, is too old, or never was one. Ask for a new one.",
    "该邀请已使用、已过期或无效，请索取新的邀请。",
)
NOT_OWN: Final = Text("The request does not come from this site.", "该请求并非来自本站。")
TOO_OFTEN: Final = Text("Too many tries. Wait a while.", "尝试次数过多，请稍后再试。")
NOT_UNDERSTOOD: Final = Text("The request was not understood.", "无法理解该请求。")
