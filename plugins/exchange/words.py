"""The words people write over columns, in Russian and English, by what they mean."""

from __future__ import annotations

import re
from functools import lru_cache

_LIST = """
name: название, наименование, имя, фио, ф.и.о., клиент, контрагент, организация, компания, заказчик, покупатель,
    фирма, предприятие, юридическое лицо, полное наименование, краткое наименование, наименование организации,
    название компании, имя клиента, name, full name, company, company name, account, account name, client,
    client name, customer, customer name, organization, organisation, contact, contact name, firm, orgname,
    display name
first_name: имя, first name, firstname, given name, forename
last_name: фамилия, last name, lastname, surname, family name
middle_name: отчество, middle name, middlename, patronymic
type: тип, вид, тип клиента, тип контрагента, вид контрагента, юр/физ, type, client type, kind
phone: телефон, тел, тел., номер телефона, телефоны, мобильный, мобильный телефон, моб., моб. тел., сотовый,
    рабочий телефон, домашний телефон, контактный телефон, phone, phone number, telephone, tel, tel., mobile,
    mobile phone, cell, cell phone, cellphone, work phone, home phone, business phone
email: e-mail, email, эл. почта, электронная почта, почта, адрес электронной почты, эл. адрес, имейл, мейл,
    mail, email address, e-mail address, emailaddress, рабочий email, личная почта
web: сайт, веб-сайт, web, website, site, url, homepage, web site, ссылка, www, интернет-сайт
messenger: мессенджер, telegram, телеграм, whatsapp, viber, skype, im, vk
inn: инн, инн организации, инн контрагента, tax id, tax number, taxpayer id, vat, vat number, inn, tin
kpp: кпп, kpp
ogrn: огрн, огрнип, огрн/огрнип, ogrn, registration number
bic: бик, бик банка, bic, bik
account: расчетный счет, р/с, рс, счет, номер счета, bank account, account number, settlement account
city: город, населенный пункт, нас. пункт, г., city, town, locality
region: регион, область, край, субъект рф, region, state, province, district
country: страна, country, country/region, office location
address: адрес, юридический адрес, фактический адрес, почтовый адрес, адрес доставки, улица, address, street,
    street address, address 1, address1, addressline1, address line 1, legal address
postcode: индекс, почтовый индекс, postcode, postal code, zip, zip code, postalcode
birthday: дата рождения, день рождения, др, birthday, birth date, birthdate, date of birth, dob
source: источник, откуда, канал, канал привлечения, source, lead source, channel
tags: метки, теги, тэги, ярлыки, tags, labels, категории
roles: роли, роль, roles, role
external_id: внешний код, внешний id, ид, id, код, код клиента, код контрагента, external id, externalid, guid,
    uid, uuid, opportunity id, opportunity_id, record id, customer id, client id, regnumber
owner: ответственный, менеджер, владелец, куратор, продавец, owner, manager, responsible, sales agent, sales
    rep, assigned to, assignee, salesperson
team: команда, отдел, подразделение, филиал, team, department, branch, office
title: тема, заголовок, сделка, название сделки, предмет, предмет закупки, title, subject, deal, deal name,
    opportunity, opportunity name, procname, topic
client: клиент, контрагент, организация, компания, заказчик, покупатель, client, customer, account, account
    name, company, company name, organization, organisation, orgname
pipeline: воронка, pipeline, funnel, процесс
stage: этап, стадия, статус, stage, deal stage, status, этап сделки, этап продажи, sales stage, phase
amount: сумма, сумма сделки, бюджет, стоимость, цена, выручка, amount, value, deal value, close value, price,
    total, sum, budget, max price, начальная цена, нмцк
currency: валюта, код валюты, currency, currency code
probability: вероятность, probability
expected_close: план закрытия, срок, ожидаемая дата закрытия, expected close, expected close date, due date,
    deadline
closed_on: дата закрытия, закрыта, closed, closed on, close date, date closed
opened_on: дата открытия, открыта, дата начала, opened, opened on, engage date, start date, pubdate, дата
    публикации
lost_reason: причина отказа, причина проигрыша, причина потери, lost reason, loss reason, reason lost
legal_name: полное наименование, юридическое название, юридическое наименование, legal name, full legal name
bank: банк, наименование банка, bank, bank name
corr_account: корр. счет, к/с, корреспондентский счет, correspondent account
job: должность, position, job title, occupation
body: текст, комментарий, примечание, описание, text, body, note, comment
position: должность, position, job title, occupation
note: комментарий, примечание, заметка, описание, note, notes, comment, comments, description, remark
created_at: дата создания, создан, created, created at, date created, дата добавления
sector: отрасль, сфера, вид деятельности, industry, sector
employees: сотрудники, число сотрудников, численность, employees, headcount, staff
revenue: выручка, оборот, годовая выручка, revenue, annual revenue, turnover
parent: головная организация, материнская компания, холдинг, parent, parent company, subsidiary of, parent
    account
gender: пол, gender, sex
quantity: количество, кол-во, quantity, qty
product: товар, продукт, номенклатура, product, item
"""


def _words() -> dict[str, tuple[str, ...]]:
    """Meaning → words; a line that begins with spaces goes on with the one before."""
    found = {}
    for line in _LIST.strip().replace("\n    ", " ").splitlines():
        meaning, _colon, words = line.partition(": ")
        found[meaning] = tuple(word.strip() for word in words.split(","))
    return found


WORDS = _words()
"""What a column may mean → the headings under which people write it."""

_CAMEL = re.compile(r"(?<=[a-zа-я])(?=[A-ZА-Я])")
_MARKS = re.compile(r"[\s_\-.,:;*№#/()\"«»]+")


@lru_cache(maxsize=4096)
def plain(heading: str) -> str:
    """A heading without what does not matter: case, marks, ё, camel case, a number at its end."""
    low = _CAMEL.sub(" ", heading.strip()).casefold().replace("ё", "е")
    return re.sub(r" ?\d{1,2}$", "", _MARKS.sub(" ", low).strip()) or low


_COMPANY = (
    "организация компания фирма предприятие company account organization organisation orgname firm reseller vendor"
)
COMPANY_WORDS = frozenset(_COMPANY.split())
"""Words over a column of names that are names of companies."""

_plain_words = {meaning: frozenset(plain(word) for word in words) for meaning, words in WORDS.items()}
_all = frozenset().union(*_plain_words.values())


def synonyms(meaning: str) -> frozenset[str]:
    """The headings, made plain, under which people write this."""
    return _plain_words.get(meaning, frozenset())


def known_heading(cell: str) -> bool:
    """Whether the cell is a word that stands over columns."""
    return plain(cell) in _all
