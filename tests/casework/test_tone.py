import pytest

from delinquency.casework.tone import tone_faults


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("This is your final warning.", "threat"),
        ("We will come to your workplace.", "threat"),
        ("We will call your boss.", "threat"),
        ("You are a deadbeat.", "moral label"),
        ("Stop making excuses.", "moral label"),
        ("Pay immediately!", "pressure"),
        ("PAY YOUR DEBT NOW", "pressure"),
        ("Pay by Friday!!", "pressure"),
        ("We may take you to court.", "legal word before step 4"),
        ("Our l\u200bawyer will write.", "legal word before step 4"),
        ("We informed your family.", "other people"),
        ("Reach Mr. Li on 13812345678.", "personal identifier"),
        ("否则后果自负。", "threat"),
        ("您已被列入黑名单。", "threat"),
        ("不要做老赖。", "moral label"),
        ("您属于恶意拖欠。", "moral label"),
        ("请24小时内还款。", "pressure"),
        ("我行将起 诉。", "legal word before step 4"),
        ("律.师函将寄出。", "legal word before step 4"),
        ("我们会联系您的家人。", "other people"),
        ("请转告您的同事。", "other people"),
    ],
)
def test_a_harsh_text_is_refused(text, kind):
    assert kind in {fault.kind for fault in tone_faults(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Your payment of 120.00 was due on 3 March. Is there any difficulty? We can help.",
        "If something has come up, tell us: we will find a way together.",
        "The issue with your statement is settled. Thank you for your courtesy.",
        "We pursue a plan that suits you; the judging of it is yours.",
        "您3月3日的账单尚未还清。如有困难,请告诉我们,我们愿意协助您制定还款安排。",
        "如您已还款,请忽略本信息。祝您生活愉快!",
    ],
)
def test_a_friendly_text_passes(text):
    assert tone_faults(text) == ()


def test_legal_words_pass_once_a_legal_step_was_taken_but_threats_never():
    text = "The court has set a date. We will ruin your credit."
    kinds = {fault.kind for fault in tone_faults(text, legal_words_allowed=True)}
    assert kinds == {"threat"}


def test_a_reminder_must_offer_help_in_either_language():
    assert tone_faults("Your payment is late.", help_needed=True)[0].kind == "no offer of help"
    assert tone_faults("您的账单已到期。", help_needed=True)[0].kind == "no offer of help"
    assert not tone_faults("Your payment is late. Can we help?", help_needed=True)
    assert not tone_faults("您的账单已到期,如有困难请告知。", help_needed=True)
