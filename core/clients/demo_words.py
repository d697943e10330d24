"""Words that the demo company is made of, in Russian and in English; all people and companies are invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


@dataclass(frozen=True)
class Words:
    """What one language has to say."""

    men: Sequence[str]
    women: Sequence[str]
    last: Sequence[str]
    """Last names; Russian ones get an ending for women."""
    fathers: Sequence[str]
    firms_a: Sequence[str]
    firms_b: Sequence[str]
    forms: Sequence[str]
    places: Sequence[tuple[str, str, str]]
    """City, region (the first two digits of a Russian INN, else the country's telephone code) and country."""
    streets: Sequence[str]
    jobs: Sequence[str]
    sources: Sequence[str]
    tags: Sequence[str]
    likes: Sequence[str]
    subjects: Sequence[str]
    notes: Sequence[str]
    calls: Sequence[str]
    letters: Sequence[str]
    meetings: Sequence[str]
    outcomes: Sequence[str]


RUSSIAN = Words(
    men=words("""
        Александр Алексей Андрей Антон Артём Борис Вадим Виктор Глеб Григорий Денис Дмитрий Егор Иван Игорь Илья
        Кирилл Константин Максим Михаил Никита Николай Олег Павел Роман Сергей Степан Тимур Фёдор Юрий
    """),
    women=words("""
        Алина Алёна Анастасия Анна Вера Виктория Галина Дарья Евгения Екатерина Елена Ирина Ксения Лариса Любовь
        Марина Мария Надежда Наталья Оксана Ольга Полина Светлана София Татьяна Ульяна Юлия Яна
    """),
    last=words("""
        Абрамов Антонов Баранов Белов Беляев Богданов Борисов Васильев Виноградов Волков Воробьёв Гаврилов Голубев
        Григорьев Гусев Давыдов Денисов Дмитриев Егоров Ершов Жуков Зайцев Захаров Иванов Ильин Казаков Калинин
        Карпов Киселёв Ковалёв Козлов Комаров Королёв Крылов Кузнецов Куликов Лебедев Макаров Марков Мартынов
        Матвеев Медведев Мельников Миронов Морозов Назаров Никитин Новиков Орлов Осипов Павлов Петров Поляков Попов
        Романов Савельев Семёнов Сидоров Смирнов Соколов Соловьёв Сорокин Степанов Тарасов Титов Тихонов Фёдоров
        Филиппов Фомин Фролов Чернов Щербаков Яковлев
    """),
    fathers=words("""
        Александров Алексеев Андреев Антонов Борисов Вадимов Викторов Денисов Егоров Иванов Игорев Кириллов Максимов
        Михайлов Николаев Олегов Павлов Романов Сергеев Степанов
    """),
    firms_a=words("""
        Альбатрос Анкер Аркада Атриум Базальт Бирюза Вектор Верста Вымпел Гавань Гамма Гранит Дельта Заря Зенит
        Импульс Искра Каскад Квант Кедр Контур Кристалл Лазурит Линия Магистраль Маяк Меридиан Мозаика Монолит Нева
        Опора Орбита Парус Полюс Призма Радуга Рубин Северный Сигма Смальта Сфера Терминал Титан Факел Форт Эталон
        Юпитер Янтарь Яхонт
    """),
    firms_b=words("""
        Логистик Строй Торг Сервис Пром Мебель Пласт Агро Мед Софт Снаб Упак Принт Текстиль Электро Транс Климат
        Декор Инвест Проект Монтаж Ресурс Фарм Хим
    """),
    forms=("ООО", "ООО", "ООО", "ООО", "АО", "ПАО"),
    places=(
        ("Москва", "77", "Россия"),
        ("Санкт-Петербург", "78", "Россия"),
        ("Екатеринбург", "66", "Россия"),
        ("Новосибирск", "54", "Россия"),
        ("Казань", "16", "Россия"),
        ("Нижний Новгород", "52", "Россия"),
        ("Пермь", "59", "Россия"),
        ("Самара", "63", "Россия"),
        ("Краснодар", "23", "Россия"),
        ("Воронеж", "36", "Россия"),
        ("Тула", "71", "Россия"),
        ("Калининград", "39", "Россия"),
    ),
    streets=words("""
        Гагарина Гоголя Заводская Кирова Лесная Мира Молодёжная Набережная Октябрьская Победы Полевая Пушкина
        Садовая Советская Строителей Цветочная Чехова Школьная
    """),
    jobs=(
        "директор",
        "директор по закупкам",
        "главный бухгалтер",
        "менеджер по снабжению",
        "коммерческий директор",
        "офис-менеджер",
        "инженер",
        "заведующий складом",
    ),
    sources=("Сайт", "Рекомендация", "Выставка", "Входящий звонок", "Реклама", "Партнёр", "Холодный звонок"),
    tags=("VIP", "опт", "розница", "тендер", "постоянный", "экспорт", "спорный"),
    likes=(
        "Звонить после обеда, по понедельникам не беспокоить.",
        "Предпочитает почту, на звонки отвечает неохотно.",
        "Любит зелёный чай и настольный теннис.",
        "Просит присылать документы в двух экземплярах.",
        "Важны сроки, о цене почти не торгуется.",
        "Коллекционирует фарфор, двое детей.",
    ),
    subjects=("Коммерческое предложение", "Договор", "Условия поставки", "Счёт", "Прайс-лист на квартал", "Акт сверки"),
    notes=(
        "Сменили склад, новый адрес пришлют письмом.",
        "Решение принимает директор, бухгалтер только согласует.",
        "Конкурент предложил на 3 % дешевле, но без доставки.",
        "Просили не звонить до конца недели: отчётность.",
        "Закупка на следующий квартал вырастет примерно вдвое.",
        "Интересует отсрочка платежа на 30 дней.",
    ),
    calls=(
        "Уточнили сроки поставки и состав партии.",
        "Обсудили скидку на объём, ждёт новый расчёт.",
        "Не дозвонились, перезвонить завтра утром.",
        "Подтвердил получение документов.",
        "Спрашивал о гарантии и о замене брака.",
        "Договорились встретиться в офисе на следующей неделе.",
    ),
    letters=(
        "Отправлено предложение с разбивкой по месяцам.",
        "Прислали реквизиты и карточку предприятия.",
        "Во вложении подписанный договор.",
        "Просят проект договора в редактируемом виде.",
    ),
    meetings=(
        "Показали образцы, прошли по складу, обсудили график отгрузок.",
        "Участвовали директор и главный бухгалтер. Бюджет утверждён.",
        "Сверили взаиморасчёты за полугодие.",
        "Презентация новой линейки, вопросы по срокам.",
    ),
    outcomes=(
        "Ждём ответ до пятницы",
        "Согласовано",
        "Отправить счёт",
        "Перезвонить через неделю",
        "Пока отказ",
        "Назначена встреча",
    ),
)

ENGLISH = Words(
    men=words("""
        Adam Alan Andrew Anthony Arthur Brian Charles Daniel David Edward Frank George Harry Henry Jack James John
        Joseph Kevin Louis Mark Martin Michael Oliver Oscar Paul Peter Philip Robert Simon Thomas William
    """),
    women=words("""
        Alice Amelia Anna Barbara Carol Catherine Charlotte Diana Eleanor Elizabeth Emily Emma Florence Grace Hannah
        Helen Isabel Jane Julia Karen Laura Linda Lucy Margaret Maria Nancy Olivia Rachel Rose Sarah Sophie Victoria
    """),
    last=words("""
        Adams Allen Anderson Bailey Baker Bell Bennett Brooks Brown Campbell Carter Clark Collins Cook Cooper Cox
        Davis Evans Foster Gray Green Hall Harris Hill Howard Hughes Jackson Johnson Kelly King Lewis Marshall
        Martin Mason Mills Mitchell Moore Morgan Morris Murphy Nelson Parker Phillips Powell Price Reed Richardson
        Roberts Robinson Rogers Ross Russell Scott Shaw Simpson Smith Stewart Taylor Thompson Turner Walker Ward
        Watson White Wilson Wood Wright Young
    """),
    fathers=("",),
    firms_a=words("""
        Amber Anchor Atlas Aurora Beacon Birch Bluestone Bright Canyon Cedar Compass Copper Crescent Crystal Delta
        Evergreen Falcon Granite Harbor Hazel Horizon Ivory Keystone Lakeside Linden Maple Meridian Mosaic North
        Oakwood Orchard Pine Pioneer Quartz Redwood River Silver Sterling Summit Tidewater Unity Valley Westfield
        Willow
    """),
    firms_b=words("""
        Logistics Trading Systems Foods Partners Textiles Packaging Printing Supply Tools Motors Media Interiors
        Energy Marine Medical Software Design Consulting Robotics
    """),
    forms=("Ltd", "LLC", "Inc.", "PLC"),
    places=(
        ("London", "44", "United Kingdom"),
        ("Manchester", "44", "United Kingdom"),
        ("Bristol", "44", "United Kingdom"),
        ("Leeds", "44", "United Kingdom"),
        ("New York", "1", "United States"),
        ("Chicago", "1", "United States"),
        ("Boston", "1", "United States"),
        ("Seattle", "1", "United States"),
        ("Dublin", "353", "Ireland"),
        ("Berlin", "49", "Germany"),
    ),
    streets=words("""
        High Church Main Park Mill Station Bridge Market King Queen Oak Maple Victoria Garden Harbour
    """),
    jobs=(
        "director",
        "head of purchasing",
        "chief accountant",
        "office manager",
        "engineer",
        "warehouse manager",
        "buyer",
    ),
    sources=("Website", "Recommendation", "Trade fair", "Incoming call", "Advertising", "Partner", "Cold call"),
    tags=("VIP", "wholesale", "retail", "tender", "regular", "export", "disputed"),
    likes=(
        "Call after lunch, never on Mondays.",
        "Prefers e-mail to the telephone.",
        "Likes green tea and table tennis.",
        "Wants two copies of every paper.",
        "Delivery dates matter more than the price.",
        "Collects china; two children.",
    ),
    subjects=(
        "Quotation",
        "Contract",
        "Delivery terms",
        "Invoice",
        "Price list for the quarter",
        "Statement of account",
    ),
    notes=(
        "They moved the warehouse; the new address will come by e-mail.",
        "The director decides, the accountant only signs.",
        "A competitor offered 3% less, without delivery.",
        "Asked not to be called this week: annual accounts.",
        "Next quarter's order will be about twice as large.",
        "Interested in paying after 30 days.",
    ),
    calls=(
        "Went through delivery dates and quantities.",
        "Talked about a discount for volume; waits for the figures.",
        "No answer, call again tomorrow morning.",
        "Confirmed that the papers arrived.",
        "Asked about the warranty and replacements.",
        "Agreed to meet at their office next week.",
    ),
    letters=(
        "Sent the quotation by months.",
        "They sent their bank details.",
        "The signed contract is attached.",
        "They want a draft of the contract that can be edited.",
    ),
    meetings=(
        "Showed samples, walked through the warehouse, talked about the schedule.",
        "Director and accountant took part. The budget is approved.",
        "Went through the balance of the half-year.",
        "Presented the new line; questions about dates.",
    ),
    outcomes=(
        "Answer expected by Friday",
        "Agreed",
        "Send the invoice",
        "Call again in a week",
        "Refused for now",
        "Meeting fixed",
    ),
)
