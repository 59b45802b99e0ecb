"""Dialogue in many languages, for tests of encodings and of language identification.

It was written for these tests.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

DIALOGUE = {
    "pl": (
        "Gdzie byłeś przez całą noc?|"
        "Mówiłem ci już, że nie chcę o tym rozmawiać.|"
        "Proszę, zamknij drzwi i usiądź.|"
        "Jeśli się dowiedzą, będziemy mieli kłopoty.|"
        "Czekałam na ciebie dwie godziny!|"
        "To nie była moja wina, przysięgam.|"
        "Święta spędzimy u babci.|"
        "Źle się czuję, może jutro."
    ),
    "cs": (
        "Kde jsi byl celou noc?|"
        "Už jsem ti říkal, že o tom nechci mluvit.|"
        "Prosím tě, zavři dveře a posaď se.|"
        "Jestli se to dozvědí, budeme mít potíže.|"
        "Čekala jsem na tebe dvě hodiny!|"
        "Přísahám, že to nebyla moje chyba.|"
        "Všichni už odešli, jenom ty ne.|"
        "Zítra ráno přijeď ke mně."
    ),
    "sk": (
        "Kde si bol celú noc?|"
        "Už som ti hovoril, že o tom nechcem hovoriť.|"
        "Prosím ťa, zavri dvere a sadni si.|"
        "Ak sa to dozvedia, budeme mať ťažkosti.|"
        "Čakala som na teba dve hodiny!|"
        "Prisahám, že to nebola moja chyba.|"
        "Všetci už odišli, len ty nie.|"
        "Ľúbim ťa, vieš to predsa."
    ),
    "hu": (
        "Hol voltál egész éjszaka?|"
        "Már mondtam, hogy nem akarok erről beszélni.|"
        "Kérlek, csukd be az ajtót, és ülj le.|"
        "Ha megtudják, nagy bajban leszünk.|"
        "Két órája várok rád, tudod?|"
        "Esküszöm, nem az én hibám volt.|"
        "Őszintén szólva fáradt vagyok.|"
        "Holnap reggel gyere el hozzám."
    ),
    "ro": (
        "Unde ai fost toată noaptea?|"
        "Ți-am spus deja că nu vreau să vorbesc despre asta.|"
        "Te rog, închide ușa și așază-te.|"
        "Dacă află, vom avea probleme.|"
        "Te-am așteptat două ore!|"
        "Jur că nu a fost vina mea.|"
        "Mâine dimineață să vii la mine.|"
        "Nu știu ce să-ți spun."
    ),
    "hr": (
        "Gdje si bio cijelu noć?|"
        "Već sam ti rekao da ne želim razgovarati o tome.|"
        "Molim te, zatvori vrata i sjedni.|"
        "Ako saznaju, bit ćemo u nevolji.|"
        "Čekala sam te dva sata!|"
        "Kunem se da nije bila moja krivnja.|"
        "Svi su već otišli, samo ti nisi.|"
        "Sutra ujutro dođi k meni."
    ),
    "sl": (
        "Kje si bil vso noč?|"
        "Rekel sem ti že, da o tem ne želim govoriti.|"
        "Prosim te, zapri vrata in sedi.|"
        "Če izvedo, bomo imeli težave.|"
        "Čakala sem te dve uri!|"
        "Prisežem, da ni bila moja krivda.|"
        "Vsi so že odšli, samo ti nisi.|"
        "Jutri zjutraj pridi k meni, če želiš."
    ),
    "ru": (
        "Где ты был всю ночь?|"
        "Я уже говорил, что не хочу об этом разговаривать.|"
        "Пожалуйста, закрой дверь и садись.|"
        "Если они узнают, у нас будут неприятности.|"
        "Я ждала тебя два часа!|"
        "Клянусь, это была не моя вина.|"
        "Завтра утром приезжай ко мне.|"
        "Я не знаю, что тебе сказать."
    ),
    "uk": (
        "Де ти був усю ніч?|"
        "Я вже казав, що не хочу про це говорити.|"
        "Будь ласка, зачини двері й сідай.|"
        "Якщо вони дізнаються, у нас будуть неприємності.|"
        "Я чекала на тебе дві години!|"
        "Присягаюся, це була не моя провина.|"
        "Завтра вранці приїжджай до мене.|"
        "Її тут немає, ґанок порожній."
    ),
    "bg": (
        "Къде беше цяла нощ?|"
        "Вече ти казах, че не искам да говоря за това.|"
        "Моля те, затвори вратата и седни.|"
        "Ако разберат, ще имаме неприятности.|"
        "Чаках те два часа!|"
        "Кълна се, че вината не беше моя.|"
        "Утре сутринта ела при мен.|"
        "Не знам какво да ти кажа."
    ),
    "sr": (
        "Где си био целу ноћ?|"
        "Већ сам ти рекао да не желим да причам о томе.|"
        "Молим те, затвори врата и седи.|"
        "Ако сазнају, бићемо у невољи.|"
        "Чекала сам те два сата!|"
        "Кунем се да није била моја кривица.|"
        "Сутра ујутру дођи код мене.|"
        "Љубав је чудна ствар, ђаво је однео."
    ),
    "fr": (
        "Où étais-tu toute la nuit ?|"
        "Je t'ai déjà dit que je ne voulais pas en parler.|"
        "S'il te plaît, ferme la porte et assieds-toi.|"
        "S'ils l'apprennent, nous aurons des ennuis.|"
        "Je t'ai attendu deux heures !|"
        "Ce n'était pas ma faute, je le jure.|"
        "Viens chez moi demain, ça ira mieux.|"
        "Mon cœur est à toi, où que tu sois."
    ),
    "de": (
        "Wo warst du die ganze Nacht?|"
        "Ich habe dir schon gesagt, dass ich darüber nicht reden will.|"
        "Bitte schließ die Tür und setz dich.|"
        "Wenn sie es erfahren, bekommen wir Ärger.|"
        "Ich habe zwei Stunden auf dich gewartet!|"
        "Es war nicht meine Schuld, ich schwöre es.|"
        "Komm morgen früh zu mir.|"
        "Wir müssen über das Übrige sprechen."
    ),
    "es": (
        "¿Dónde estuviste toda la noche?|"
        "Ya te dije que no quiero hablar de eso.|"
        "Por favor, cierra la puerta y siéntate.|"
        "Si se enteran, tendremos problemas.|"
        "¡Te esperé dos horas!|"
        "No fue culpa mía, te lo juro.|"
        "Mañana por la mañana ven a mi casa.|"
        "No sé qué decirte, corazón."
    ),
    "pt": (
        "Onde você esteve a noite toda?|"
        "Já te disse que não quero falar sobre isso.|"
        "Por favor, fecha a porta e senta-te.|"
        "Se eles descobrirem, teremos problemas.|"
        "Esperei por você durante duas horas!|"
        "Não foi culpa minha, eu juro.|"
        "Amanhã de manhã vem à minha casa.|"
        "O coração não mente, irmão."
    ),
    "sv": (
        "Var har du varit hela natten?|"
        "Jag har redan sagt att jag inte vill prata om det.|"
        "Snälla, stäng dörren och sätt dig.|"
        "Om de får reda på det får vi problem.|"
        "Jag väntade på dig i två timmar!|"
        "Det var inte mitt fel, jag svär.|"
        "Kom hem till mig i morgon.|"
        "Jag vet inte vad jag ska säga."
    ),
    "da": (
        "Hvor har du været hele natten?|"
        "Jeg har allerede sagt, at jeg ikke vil tale om det.|"
        "Luk døren og sæt dig ned.|"
        "Hvis de finder ud af det, får vi problemer.|"
        "Jeg ventede på dig i to timer!|"
        "Det var ikke min skyld, det sværger jeg.|"
        "Kom hjem til mig i morgen.|"
        "Jeg ved ikke, hvad jeg skal sige."
    ),
    "fi": (
        "Missä olit koko yön?|"
        "Sanoin jo, etten halua puhua siitä.|"
        "Ole hyvä, sulje ovi ja istu alas.|"
        "Jos he saavat tietää, olemme pulassa.|"
        "Odotin sinua kaksi tuntia!|"
        "Se ei ollut minun syytäni, vannon sen.|"
        "Tule huomenna aamulla luokseni.|"
        "En tiedä, mitä sinulle sanoisin."
    ),
    "el": (
        "Πού ήσουν όλη τη νύχτα;|"
        "Σου είπα ήδη ότι δεν θέλω να μιλήσω γι' αυτό.|"
        "Σε παρακαλώ, κλείσε την πόρτα και κάθισε.|"
        "Αν το μάθουν, θα έχουμε προβλήματα.|"
        "Σε περίμενα δύο ώρες!|"
        "Δεν έφταιγα εγώ, το ορκίζομαι.|"
        "Έλα αύριο το πρωί στο σπίτι μου.|"
        "Άκουσέ με, δεν ξέρω τι να σου πω."
    ),
    "tr": (
        "Bütün gece neredeydin?|"
        "Bunu konuşmak istemediğimi sana söylemiştim.|"
        "Lütfen kapıyı kapat ve otur.|"
        "Öğrenirlerse başımız derde girer.|"
        "Seni iki saat bekledim!|"
        "Yemin ederim, benim suçum değildi.|"
        "Yarın sabah bana gel, olur mu?|"
        "Işığı söndür, sana ne diyeceğimi bilmiyorum."
    ),
    "he": (
        "איפה היית כל הלילה?|"
        "כבר אמרתי לך שאני לא רוצה לדבר על זה.|"
        "בבקשה, סגור את הדלת ושב.|"
        "אם הם יגלו, נהיה בצרות.|"
        "חיכיתי לך שעתיים!|"
        "זו לא הייתה אשמתי, אני נשבע.|"
        "בוא אליי מחר בבוקר.|"
        "אני לא יודע מה להגיד לך."
    ),
    "ar": (
        "أين كنت طوال الليل؟|"
        "لقد قلت لك إنني لا أريد التحدث عن ذلك.|"
        "من فضلك، أغلق الباب واجلس.|"
        "إذا عرفوا فسنقع في مشكلة.|"
        "انتظرتك ساعتين!|"
        "لم يكن ذلك خطئي، أقسم لك.|"
        "تعال إلى بيتي غدا صباحا.|"
        "لا أعرف ماذا أقول لك."
    ),
    "lt": (
        "Kur buvai visą naktį?|"
        "Jau sakiau, kad nenoriu apie tai kalbėti.|"
        "Prašau, uždaryk duris ir atsisėsk.|"
        "Jeigu jie sužinos, turėsime bėdų.|"
        "Laukiau tavęs dvi valandas!|"
        "Tai buvo ne mano kaltė, prisiekiu.|"
        "Rytoj rytą ateik pas mane.|"
        "Nežinau, ką tau pasakyti, širdele."
    ),
    "lv": (
        "Kur tu biji visu nakti?|"
        "Es jau teicu, ka nevēlos par to runāt.|"
        "Lūdzu, aizver durvis un apsēdies.|"
        "Ja viņi uzzinās, mums būs nepatikšanas.|"
        "Es tevi gaidīju divas stundas!|"
        "Tā nebija mana vaina, es zvēru.|"
        "Atnāc pie manis rīt no rīta.|"
        "Es nezinu, ko tev teikt, mīļā."
    ),
    "et": (
        "Kus sa terve öö olid?|"
        "Ma juba ütlesin, et ei taha sellest rääkida.|"
        "Palun pane uks kinni ja istu maha.|"
        "Kui nad teada saavad, tuleb meil pahandusi.|"
        "Ma ootasin sind kaks tundi!|"
        "See polnud minu süü, ma vannun.|"
        "Tule homme hommikul minu juurde.|"
        "Ma ei tea, mida sulle öelda."
    ),
    "vi": (
        "Cả đêm anh đã ở đâu?|"
        "Tôi đã nói là tôi không muốn nói về chuyện đó.|"
        "Làm ơn đóng cửa lại và ngồi xuống đi.|"
        "Nếu họ biết thì chúng ta sẽ gặp rắc rối.|"
        "Em đã đợi anh hai tiếng đồng hồ!|"
        "Đó không phải lỗi của tôi, tôi thề.|"
        "Sáng mai hãy đến nhà tôi nhé.|"
        "Tôi không biết phải nói gì với em."
    ),
    "zh-Hans": (
        "你整晚都去哪儿了？|"
        "我已经告诉过你，我不想谈这件事。|"
        "请把门关上，坐下来。|"
        "如果他们知道了，我们就有麻烦了。|"
        "我等了你两个小时！|"
        "那不是我的错，我发誓。|"
        "明天早上到我家来吧。|"
        "我不知道该对你说什么。"
    ),
    "zh-Hant": (
        "你整晚都去哪兒了？|"
        "我已經告訴過你，我不想談這件事。|"
        "請把門關上，坐下來。|"
        "如果他們知道了，我們就有麻煩了。|"
        "我等了你兩個小時！|"
        "那不是我的錯，我發誓。|"
        "明天早上到我家來吧。|"
        "我不知道該對你說什麼。"
    ),
    "ja": (
        "一晩中どこにいたの？|"
        "その話はしたくないって、もう言っただろう。|"
        "ドアを閉めて、座ってください。|"
        "彼らに知られたら、大変なことになる。|"
        "二時間も待っていたのよ！|"
        "僕のせいじゃない、誓うよ。|"
        "明日の朝、うちに来てくれ。|"
        "何と言えばいいのか分からない。"
    ),
    "ko": (
        "밤새 어디 있었어?|"
        "그 얘기는 하고 싶지 않다고 이미 말했잖아.|"
        "문을 닫고 앉아 주세요.|"
        "그들이 알게 되면 우리는 곤란해질 거야.|"
        "두 시간이나 기다렸어!|"
        "내 잘못이 아니었어, 맹세해.|"
        "내일 아침에 우리 집으로 와.|"
        "너에게 무슨 말을 해야 할지 모르겠어."
    ),
    "th": (
        "คุณไปอยู่ที่ไหนมาทั้งคืน|"
        "ผมบอกแล้วว่าผมไม่อยากพูดเรื่องนั้น|"
        "กรุณาปิดประตูแล้วนั่งลง|"
        "ถ้าพวกเขารู้ เราจะมีปัญหา|"
        "ฉันรอคุณอยู่ตั้งสองชั่วโมง|"
        "มันไม่ใช่ความผิดของผม ผมสาบานได้|"
        "พรุ่งนี้เช้ามาหาผมที่บ้าน|"
        "ผมไม่รู้ว่าจะพูดอะไรกับคุณ"
    ),
    "en": (
        "Where have you been all night?|"
        "I told you I don't want to talk about it.|"
        "Please close the door and sit down.|"
        "If they find out, we will be in trouble.|"
        "I waited for you for two hours!|"
        "It wasn't my fault, I swear.|"
        "Come to my place tomorrow morning.|"
        "I don't know what to say to you."
    ),
}

CODE_PAGES = [
    *((language, "cp1250") for language in ("pl", "cs", "sk", "hu", "hr", "sl")),
    *((language, "cp1251") for language in ("ru", "uk", "bg", "sr")),
    *((language, "cp1252") for language in ("fr", "de", "es", "pt", "sv", "da", "fi")),
    ("el", "cp1253"),
    ("tr", "cp1254"),
    ("he", "cp1255"),
    ("ar", "cp1256"),
    *((language, "cp1257") for language in ("lt", "lv", "et")),
    ("vi", "cp1258"),
    ("zh-Hans", "gbk"),
    ("zh-Hans", "gb18030"),
    ("zh-Hant", "big5"),
    ("ja", "shift_jis"),
    ("ja", "cp932"),
    ("ja", "euc_jp"),
    ("ja", "iso2022_jp"),
    ("ko", "euc_kr"),
    ("ko", "cp949"),
    ("th", "tis_620"),
    ("th", "cp874"),
    ("ru", "koi8_r"),
    ("uk", "koi8_u"),
    ("ru", "cp866"),
    ("pl", "iso8859_2"),
    ("cs", "iso8859_2"),
    ("el", "iso8859_7"),
    ("de", "latin_1"),
    ("ro", "cp1250"),
]
"""Languages and the code pages that their files are in."""
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def lines_of(language: str) -> list[str]:
    """Return the lines of dialogue in a language."""
    return DIALOGUE[language].split("|")


def make_srt(lines: Sequence[str], seconds: float = 4.0) -> str:
    """Return SubRip with a cue for each line, one every few seconds."""
    return "".join(
        f"{number + 1}\n{_clock(number * seconds)} --> {_clock(number * seconds + 2.5)}\n{line}\n\n"
        for number, line in enumerate(lines)
    )


def spell(text: str, encoding: str) -> str:
    """Return a text as it is spelled in a code page: cp1250 has other Romanian letters."""
    return text.translate(str.maketrans("ȘșȚț", "ŞşŢţ")) if encoding == "cp1250" else text


def encode(text: str, encoding: str) -> bytes:
    """Encode a text; Vietnamese in cp1258 has its tones behind their letters."""
    if encoding != "cp1258":
        return text.encode(encoding)
    encoded = b""
    for character in text:
        try:
            encoded += character.encode(encoding)
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", character)
            tones = "".join(part for part in parts if part in _TONES)
            letter = "".join(part for part in parts if part not in _TONES)
            encoded += (unicodedata.normalize("NFC", letter) + tones).encode(encoding)
    return encoded


def _clock(seconds: float) -> str:
    whole = int(seconds)
    thousandths = round((seconds - whole) * 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{thousandths:03}"
