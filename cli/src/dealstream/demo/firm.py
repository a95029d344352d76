"""The firm of the demo: a mid-sized seller of industrial equipment in Viet Nam with a branch in Shanghai. Invented."""

from dataclasses import dataclass
from decimal import Decimal

NAME = "Hải Đăng Industrial"
ZONE = "Asia/Ho_Chi_Minh"
BASE_CURRENCY = "VND"

REGIONS = {"north": "Miền Bắc", "centre": "Miền Trung", "south": "Miền Nam", "shanghai": "上海"}

RATES = {"USD": Decimal(25400), "CNY": Decimal(3520)}
"""What a unit was worth in VND when the year began; it drifts a little each month."""


@dataclass(frozen=True)
class Person:
    """A member of staff. ``skill`` is how much better or worse than the firm this person closes."""

    key: str
    name: str
    role: str
    team: str
    region: str
    locale: str
    skill: float = 1.0

    @property
    def email(self) -> str:
        """Where the local mail catcher receives this person's notices."""
        return f"{self.key}@haidang.example"


@dataclass(frozen=True)
class Product:
    """Something sold; list price in VND, CNY and USD."""

    key: str
    name: str
    family: str
    vnd: int
    cny: int
    usd: int

    def price(self, currency: str) -> int:
        """List price in whole units of a currency."""
        return {"VND": self.vnd, "CNY": self.cny, "USD": self.usd}[currency]


@dataclass(frozen=True)
class Source:
    """Where leads come from: share of all leads, and the chance that one is worth pursuing."""

    name: str
    share: float
    quality: float
    campaigns: tuple[str, ...] = ()


TEAMS = {"hanoi": "Hà Nội", "danang": "Đà Nẵng", "saigon": "TP. Hồ Chí Minh", "shanghai": "上海"}

DIRECTOR = Person("mai", "Trần Thị Mai", "director", "hanoi", "north", "vi")
OPERATIONS = Person("khoa", "Đỗ Minh Khoa", "sales-ops", "saigon", "south", "vi")

MANAGERS = (
    Person("hung", "Nguyễn Văn Hùng", "manager", "hanoi", "north", "vi"),
    Person("lan", "Lê Thị Lan", "manager", "danang", "centre", "vi"),
    Person("phuc", "Phạm Hồng Phúc", "manager", "saigon", "south", "vi"),
    Person("li", "李伟", "manager", "shanghai", "shanghai", "zh"),
)

SDRS = (
    Person("an", "Vũ Thuý An", "sdr", "hanoi", "north", "vi", 1.1),
    Person("binh", "Hoàng Gia Bình", "sdr", "hanoi", "north", "vi", 0.9),
    Person("chi", "Bùi Linh Chi", "sdr", "danang", "centre", "vi", 1.0),
    Person("dung", "Đặng Tiến Dũng", "sdr", "saigon", "south", "vi", 1.2),
    Person("giang", "Ngô Hương Giang", "sdr", "saigon", "south", "vi", 0.85),
    Person("chen", "陈静", "sdr", "shanghai", "shanghai", "zh", 1.05),
)

REPS = (
    Person("hanh", "Nguyễn Mỹ Hạnh", "rep", "hanoi", "north", "vi", 1.25),
    Person("long", "Trịnh Hoàng Long", "rep", "hanoi", "north", "vi", 0.95),
    Person("nam", "Lý Hải Nam", "rep", "hanoi", "north", "vi", 0.8),
    Person("quyen", "Phan Lệ Quyên", "rep", "danang", "centre", "vi", 1.1),
    Person("son", "Võ Thanh Sơn", "rep", "danang", "centre", "vi", 0.9),
    Person("thao", "Huỳnh Phương Thảo", "rep", "saigon", "south", "vi", 1.3),
    Person("tuan", "Đinh Anh Tuấn", "rep", "saigon", "south", "vi", 1.0),
    Person("uyen", "Mai Tố Uyên", "rep", "saigon", "south", "vi", 1.05),
    Person("viet", "Tạ Quốc Việt", "rep", "saigon", "south", "vi", 0.75),
    Person("wang", "王芳", "rep", "shanghai", "shanghai", "zh", 1.15),
    Person("zhang", "张强", "rep", "shanghai", "shanghai", "zh", 0.95),
)

STAFF = (DIRECTOR, OPERATIONS, *MANAGERS, *SDRS, *REPS)

PRODUCTS = (
    Product("pump-s", "Máy bơm công nghiệp S", "pumps", 18_500_000, 5_300, 730),
    Product("pump-l", "Máy bơm công nghiệp L", "pumps", 64_000_000, 18_200, 2_520),
    Product("valve-kit", "Bộ van điều khiển", "valves", 9_200_000, 2_650, 365),
    Product("compressor", "Máy nén khí trục vít", "compressors", 145_000_000, 41_500, 5_700),
    Product("conveyor", "Băng tải lắp ghép", "handling", 88_000_000, 25_000, 3_450),
    Product("sensor-pack", "Gói cảm biến giám sát", "automation", 27_000_000, 7_700, 1_060),
    Product("plc", "Tủ điều khiển PLC", "automation", 52_000_000, 14_800, 2_050),
    Product("service-year", "Bảo trì trọn gói 1 năm", "service", 36_000_000, 10_200, 1_420),
)

SOURCES = (
    Source("website", 0.30, 0.42, ("trang-chu", "bao-gia")),
    Source("zalo", 0.20, 0.36, ("zalo-oa",)),
    Source("wechat", 0.10, 0.40, ("wechat-oa",)),
    Source("trade-show", 0.12, 0.58, ("vietbuild", "mta-vietnam", "ciif-shanghai")),
    Source("referral", 0.10, 0.72),
    Source("google-ads", 0.12, 0.28, ("may-bom", "may-nen-khi")),
    Source("cold-call", 0.06, 0.22),
)

COMPANY_HEADS = ("Công ty TNHH", "Công ty CP", "Tập đoàn", "Xí nghiệp")
COMPANY_CORES = (
    "An Phát", "Bình Minh", "Cửu Long", "Đại Nam", "Đông Á", "Hoà Phát Đạt", "Hồng Hà", "Kim Long", "Minh Khai",
    "Nam Việt", "Phú Thịnh", "Sao Mai", "Tân Tiến", "Thành Công", "Thiên Long", "Trường Sơn", "Việt Hưng", "Vĩnh Phú",
)  # fmt: skip
COMPANY_TRADES = ("Thuỷ sản", "Dệt may", "Bao bì", "Thực phẩm", "Cơ khí", "Xây dựng", "Hoá chất", "Gỗ nội thất")
CHINESE_COMPANIES = ("华东机械", "申江食品", "恒通包装", "瑞丰纺织", "浦江化工", "中联精密", "天成家具", "宏远水产")
FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương")
GIVEN_NAMES = ("Anh", "Bảo", "Cường", "Diệp", "Hà", "Huy", "Khánh", "Linh", "Minh", "Ngọc", "Quang", "Trang", "Yến")
CHINESE_NAMES = ("刘洋", "赵敏", "孙丽", "周杰", "吴娜", "徐磊", "马超", "朱婷", "胡军", "郭静")

DISQUALIFIED = ("no budget", "wrong contact", "not our market", "already bought elsewhere", "does not answer")
RETURNED = ("budget not confirmed", "no decision maker reached", "needs another product")
LOST = (("price", 0.38), ("no decision", 0.27), ("competitor", 0.22), ("project stopped", 0.13))
COMPETITORS = ("Ebara", "Grundfos", "Hitachi", "Tân Á", "格兰富")
