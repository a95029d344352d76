"""Prospects as a Vietnamese firm has them, some Chinese: names in the proportions in which they are borne.

A third of all people are called Nguyễn, and companies share most of their words, which is what makes a search for
likenesses slow. The same seed makes the same prospects.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

FAMILY = {"Nguyễn": 38, "Trần": 11, "Lê": 9, "Phạm": 7, "Hoàng": 5, "Huỳnh": 5, "Phan": 5, "Vũ": 4, "Võ": 4} | {
    "Đặng": 2,
    "Bùi": 2,
    "Đỗ": 1,
    "Hồ": 1,
    "Ngô": 1,
    "Dương": 1,
    "Lý": 1,
    "Trịnh": 1,
    "Đinh": 1,
    "Mai": 1,
}
MIDDLE = re.findall(
    r"\S+", "Văn Thị Minh Hữu Đức Ngọc Thanh Quang Hồng Thu Xuân Anh Quốc Gia Kim Bảo Phương Hoài Tuấn Thùy"
)
GIVEN = re.findall(
    r"\S+",
    "Anh An Bình Châu Chi Cường Dũng Duy Đạt Giang Hà Hải Hạnh Hằng Hiếu Hoa Hòa Hùng Hưng Huy Khánh Khoa Kiên Lan Linh"
    " Loan Long Mai Minh Nam Nga Ngân Nhung Oanh Phong Phúc Phương Quân Quyên Sơn Tâm Thảo Thắng Thủy Tiến Trang Trung"
    " Tú Tuấn Uyên Vân Việt Vinh Yến",
)
FORMS = ("Công ty TNHH", "Công ty Cổ phần", "CTCP", "Công ty TNHH MTV", "Doanh nghiệp tư nhân", "Tập đoàn")
TRADES = re.findall(
    r"[^|]+",
    "Thương mại|Thương mại Dịch vụ|Xây dựng|Đầu tư|Sản xuất|Xuất nhập khẩu|Vận tải|Cơ khí|Điện tử|Thực phẩm|Dược phẩm"
    "|Công nghệ|Du lịch|Bao bì|Nội thất|May mặc|Thủy sản|Nông sản|Logistics|Giải pháp",
)
SYLLABLES = re.findall(
    r"\S+",
    "Hoàng Long Phát Đông Á Nam Việt Minh Tân Thành Phú Quang Hưng Thịnh Gia Bảo Hải An Khang Thiên Kim Đại Dương Sơn"
    " Hà Tiến Lộc Phúc Vĩnh Toàn Cường Nhật Anh Trường Thái Bình Mỹ Ngọc Hồng Lam Bách Khoa Tâm Đức Trí Tín Sài Gòn"
    " Hương Sao Mai Ánh Xuân Lạc Hòa Liên",
)
HAN_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
HAN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建国海东文波宇浩欣怡梓涵"
HAN_TRADES = ("科技", "贸易", "电子", "实业", "物流", "机械", "食品", "信息技术", "投资", "化工")
HAN_PLACES = ("北京", "上海", "深圳", "广州", "杭州", "苏州", "成都", "武汉")


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One prospect."""

    name: str
    company: str
    mail: str
    phone: str
    tax_code: str


def prospects(seed: int) -> Iterator[MadeUp]:
    """Without end; no two share mail, phone or tax code."""
    chance = random.Random(seed)  # noqa: S311 - a bench needs no secrets
    number = seed * 10_000_000
    while True:
        number += 1
        name, company = _chinese(chance) if chance.random() < 0.15 else _vietnamese(chance)
        yield MadeUp(name, company, f"p{number}@firm{number % 9973}.example", _phone(number), f"{number:010d}")


def _phone(number: int) -> str:
    return f"+849{number % 100_000_000:08d}"


def _vietnamese(chance: random.Random) -> tuple[str, str]:
    family = chance.choices(list(FAMILY), list(FAMILY.values()))[0]
    middle = " ".join(chance.sample(MIDDLE, chance.choice((1, 1, 2))))
    words = " ".join(chance.sample(SYLLABLES, chance.choice((2, 2, 3))))
    return (
        f"{family} {middle} {chance.choice(GIVEN)}",
        f"{chance.choice(FORMS)} {chance.choice(TRADES)} {words}",
    )


def _chinese(chance: random.Random) -> tuple[str, str]:
    brand = "".join(chance.sample(HAN, chance.choice((2, 2, 3))))
    given = "".join(chance.sample(HAN, chance.choice((1, 2))))
    company = f"{chance.choice(HAN_PLACES)}{brand}{chance.choice(HAN_TRADES)}有限公司"
    return chance.choice(HAN_FAMILY) + given, company
