"""The sentences of notices, in Vietnamese, Chinese and English."""

from collections.abc import Mapping
from decimal import Decimal

from babel.core import Locale, negotiate_locale
from babel.numbers import format_currency, get_currency_precision

FALLBACK = "en"

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "handoff-offered": {
        "en": "A qualified lead (source: {source}) is offered to you. Accept it or return it with a reason.",
        "vi": "Bạn được chuyển một khách tiềm năng đủ điều kiện (nguồn: {source}). Hãy nhận, hoặc trả lại kèm lý do.",
        "zh": "有一条合格线索（来源：{source}）移交给您，请接受，或说明理由后退回。",
    },
    "lead-fits-nobody": {
        "en": "A new lead (source: {source}) fits nobody and waits in the public pool.",
        "vi": "Một khách tiềm năng mới (nguồn: {source}) chưa có người phù hợp, đang chờ trong kho chung.",
        "zh": "一条新线索（来源：{source}）没有合适的负责人，正在公海中等待领取。",
    },
    "response-overdue": {
        "en": "Nobody has turned to a new lead (source: {source}) in time. Call it now.",
        "vi": "Chưa ai liên hệ khách tiềm năng mới (nguồn: {source}) đúng hạn. Hãy liên hệ ngay.",
        "zh": "新线索（来源：{source}）未在期限内得到首次联系，请立即联系。",
    },
    "handoff-expired": {
        "en": "The offer of a lead (source: {source}) was not answered in time. It is open for another offer.",
        "vi": "Lời chuyển khách tiềm năng (nguồn: {source}) không được trả lời đúng hạn. Có thể chuyển cho người khác.",
        "zh": "线索（来源：{source}）的移交未在期限内答复，可重新移交。",
    },
    "handoff-failed": {
        "en": "An accepted lead (source: {source}) could not become a deal: {code}. It is open for another offer.",
        "vi": "Khách tiềm năng đã nhận (nguồn: {source}) không thể thành cơ hội bán hàng: {code}. Hãy chuyển lại.",
        "zh": "已接受的线索（来源：{source}）无法转为商机：{code}。可重新移交。",
    },
    "handoff-redirected": {
        "en": "A lead offered to a colleague (source: {source}) is yours to answer now. Accept it or return it.",
        "vi": "Khách tiềm năng đã chuyển cho đồng nghiệp (nguồn: {source}) nay chờ bạn trả lời. Hãy nhận hoặc trả lại.",
        "zh": "原移交给同事的线索（来源：{source}）现由您答复，请接受或退回。",
    },
    "deal-won": {
        "en": "Won: {deal}, {amount}.",
        "vi": "Đã chốt: {deal}, {amount}.",
        "zh": "赢单：{deal}，{amount}。",
    },
    "deal-stalled": {
        "en": "{deal} has been in stage {stage} for longer than the stage allows.",
        "vi": "{deal} đã ở giai đoạn {stage} lâu hơn giới hạn.",
        "zh": "{deal} 在阶段 {stage} 停留已超过时限。",
    },
    "no-next-step": {
        "en": "{deal} has no next step, or it is overdue. What happens next, and when?",
        "vi": "{deal} chưa có bước tiếp theo hoặc đã quá hạn. Việc tiếp theo là gì, khi nào?",
        "zh": "{deal} 没有下一步计划，或已逾期。下一步做什么，何时做？",
    },
}

REASONS: Mapping[str, str] = {
    "en": "You get this because of the rule “{rule}”.",
    "vi": "Bạn nhận được thông báo này theo quy tắc “{rule}”.",
    "zh": "您因规则“{rule}”收到此通知。",
}


def language(*preferred: str) -> str:
    """The first of the preferred languages (``vi``, ``zh-CN``, ``en-US``) that sentences exist in, else English."""
    wanted = [name.replace("-", "_") for name in preferred]
    return (negotiate_locale(wanted, list(REASONS)) or FALLBACK).partition("_")[0]


def sentence(rule: str, facts: Mapping[str, str], spoken: str) -> str:
    """The notice in a language; amounts are written as that language writes them."""
    amount = _amount(facts, spoken) if "minor" in facts else ""
    return SENTENCES[rule][spoken].format(**{**facts, "amount": amount})


def reason(rule: str, spoken: str) -> str:
    """Why the reader gets the notice."""
    return REASONS[spoken].format(rule=rule)


def _amount(facts: Mapping[str, str], spoken: str) -> str:
    units = Decimal(facts["minor"]).scaleb(-get_currency_precision(facts["currency"]))
    return format_currency(units, facts["currency"], locale=Locale(spoken))
