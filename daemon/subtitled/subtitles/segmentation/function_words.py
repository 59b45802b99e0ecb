"""The small words of each language that say where a sentence may be parted, as data.

The guides of the trade agree: a line breaks before a conjunction or a preposition, and never
between an article, a possessive, an auxiliary, a negation or a subject pronoun and what it
belongs to (Netflix Timed Text Style Guides, "Line treatment"; BBC Subtitle Guidelines, "Break at
natural points"). The lists were written by hand from grammars. A word that is two things is where
it does least harm.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class FunctionWords:
    """Words in lower case. Conjunctions and prepositions too lean on what follows them."""

    conjunctions: frozenset[str] = frozenset()
    """Good to break before, clauses begin with them."""
    prepositions: frozenset[str] = frozenset()
    """Good to break before, if nothing better is near."""
    leaning: frozenset[str] = frozenset()
    """Articles, possessives, auxiliaries, negations, subject pronouns: never break after."""
    trailing: frozenset[str] = frozenset()
    """Postpositions, particles, enclitics: never break before."""
    closing: frozenset[str] = frozenset()
    """Of the leaning words those that also end clauses: before a conjunction they do not lean."""

    @functools.cached_property
    def endings(self) -> tuple[str, ...]:
        """What a phrase ends with that leans on the next, where words are not spaced."""
        return tuple(self.leaning | self.prepositions | self.conjunctions)

    def is_leaning(self, word: str) -> bool:
        """Whether a word belongs to the one after it."""
        return word in self.leaning or word in self.prepositions or word in self.conjunctions


@functools.cache
def load_function_words(primary: str) -> FunctionWords:
    """Those of a language; none for a language that is not in the lists."""
    lists = _LISTS.get(_LIST_ALIASES.get(primary, primary), ())
    return FunctionWords(*(frozenset(words.split()) for words in lists))


_LIST_ALIASES = {"nb": "no", "nn": "no", "ms": "id", "hr": "sr", "bs": "sr", "arz": "ar"}
"""Languages near enough to another to share its list."""

# language: conjunctions, prepositions, leaning, trailing, closing
_LISTS: dict[str, tuple[str, ...]] = {
    "en": (
        "and or but nor because although though while if unless until when whenever where whereas "
        "that which who whom whose whether as than so",
        "of to in on at by for with from into onto over under about after before between through "
        "during without within against among across behind beside beyond near since toward "
        "towards upon like per despite except",
        "a an the my your his her its our their this these those some any each every no not very "
        "too is are was were be been being am has have had do does did will would shall should can "
        "could may might must i you he she it we they i'm you're he's she's it's we're they're "
        "i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll he'll she'll we'll "
        "they'll it'll don't doesn't didn't won't can't couldn't wouldn't shouldn't isn't aren't "
        "wasn't weren't haven't hasn't hadn't there's that's what's who's let's gonna",
        "",
        "you it her is are was were am have has had do does did can could will would not",
    ),
    "es": (
        "y e o u pero sino mas ni que porque aunque si cuando mientras como donde pues quien "
        "quienes cuyo cuya",
        "de del a al en con por para sin sobre entre desde hasta hacia según contra tras durante "
        "ante bajo mediante excepto",
        "el la los las un una unos unas lo mi mis tu tus su sus nuestro nuestra nuestros nuestras "
        "vuestro vuestra este esta estos estas ese esa esos esas aquel aquella aquellos aquellas "
        "no me te se nos os le les muy tan más menos yo tú él ella usted nosotros ellos ellas "
        "ustedes es son era eran fue fueron soy eres somos está están estaba estaban ha han he "
        "hemos había habían será serán cada todo toda todos todas otro otra algún alguna ningún "
        "ninguna don doña",
        "",
        "él ella usted nosotros ellos ellas ustedes es son todo todos todas",
    ),
    "fr": (
        "et ou mais donc or ni car que qui quand lorsque lorsqu' si comme puisque puisqu' parce où "
        "dont tandis quoique qu' pendant",
        "de du des d' à au aux en dans par pour sur sous avec sans chez vers entre contre depuis "
        "avant après jusque jusqu' dès malgré selon parmi devant derrière durant",
        "le la les l' un une mon ton son ma ta sa mes tes ses notre votre leur nos vos leurs ce "
        "cet cette ces ne n' plus je j' tu il elle on nous vous ils elles me m' te t' se s' y "
        "très trop si tout toute tous toutes chaque quelques est sont était étaient suis es sommes "
        "êtes sera seront ai as a avons avez ont avait avaient aura c' c'est n'est j'ai qu'il "
        "qu'elle qu'on qu'ils s'il d'un d'une l'un jusqu'à n'a n'ai s'est m'a t'a l'a d'être",
        "pas",
        "est sont était étaient elle lui nous vous eux tout tous toutes rien plus",
    ),
    "de": (
        "und oder aber denn sondern doch dass daß weil wenn als ob obwohl während damit bevor "
        "nachdem sobald falls wie wo welche welcher welches",
        "in im ins an am ans auf zu zum zur von vom mit für aus bei beim nach über unter vor "
        "zwischen durch ohne gegen um seit bis wegen trotz neben hinter entlang außer statt",
        "der die das den dem des "
        "ein eine einen einem einer eines kein keine keinen keinem keiner mein meine "
        "meinen meinem meiner dein deine deinen deinem deiner sein seine seinen seinem seiner ihr "
        "ihre ihren ihrem ihrer unser unsere unseren unserem unserer euer eure dieser diese dieses "
        "diesen diesem jeder jede jedes jeden jedem nicht nie sehr so zu ich du er sie es wir man "
        "bin bist ist sind war waren habe hast hat haben hatte hatten werde wirst wird werden "
        "würde würden kann können konnte will wollen muss müssen soll sollen darf dürfen herr frau",
        "",
        "sie es bin bist ist sind war waren habe hast hat haben hatte hatten werde wird werden "
        "würde würden kann können konnte will wollen muss müssen soll darf nicht zu",
    ),
    "it": (
        "e ed o od ma però né che perché se quando mentre come dove poiché affinché sebbene quindi "
        "cui",
        "di a ad da in con su per tra fra del dello della dei degli delle dell' al allo alla ai "
        "agli alle all' dal dallo dalla dai dagli dalle dall' nel nello nella nei negli nelle "
        "nell' sul sullo sulla sui sugli sulle sull' col senza verso contro durante dopo prima "
        "sotto sopra fino",
        "il lo la i gli le l' un uno una un' mio mia miei mie tuo tua tuoi tue suo sua suoi sue "
        "nostro nostra nostri nostre vostro vostra vostri vostre loro questo questa questi queste "
        "quel quello quella quei quegli quelle non mi ti si ci vi ne io tu lui lei noi voi molto "
        "più meno così è sono era erano sei siamo siete ho hai ha abbiamo avete hanno aveva "
        "avevano sarà saranno ogni qualche c'è signor signora",
        "",
        "lui lei noi voi loro è sono",
    ),
    "pt": (
        "e ou mas porém nem que porque embora se quando enquanto como onde pois quem cujo cuja",
        "de do da dos das em no na nos nas num numa a ao à aos às por pelo pela pelos pelas para "
        "pra com sem sobre entre desde até contra após durante sob ante",
        "o os as um uma uns umas meu minha meus minhas teu tua seu sua seus suas nosso nossa "
        "nossos nossas este esta estes estas esse essa esses essas aquele aquela isto isso não "
        "nunca me te se lhe lhes nós eu tu ele ela você vocês eles elas muito mais menos tão é são "
        "era eram foi foram sou está estão estava estavam estou tem têm tinha tinham tenho será "
        "vai vão vou cada todo toda todos todas outro outra algum alguma nenhum nenhuma",
        "",
        "ele ela você vocês eles elas nós isto isso é são está todos todas nunca",
    ),
    "nl": (
        "en of maar want dat omdat als wanneer toen terwijl hoewel zodat voordat nadat totdat die "
        "wie waar of",
        "van in op aan bij met voor door over onder uit naar om tot tegen tussen zonder sinds "
        "tijdens na achter naast volgens via binnen buiten rond",
        "de het een 't 'n mijn m'n jouw je zijn z'n haar ons onze jullie hun uw deze dit geen niet "
        "nooit te heel zeer zo ik jij hij zij ze we wij u men ben bent is was waren heb hebt heeft "
        "hebben had hadden word wordt worden werd zal zullen zou zouden kan kunnen kon wil moet "
        "moeten mag meneer mevrouw",
        "",
        "je jullie ben bent is was waren heb hebt heeft hebben had hadden word wordt worden werd "
        "zal zullen zou zouden kan kunnen kon wil moet moeten mag niet",
    ),
    "pl": (
        "i oraz lub albo ale lecz a że żeby aby bo ponieważ gdy kiedy jeśli jeżeli choć chociaż "
        "który która które którzy których którego której gdzie jak czy niż więc",
        "w we z ze na do od o u po za przed przez dla bez pod nad między przy ku wobec około "
        "podczas oprócz według",
        "nie mój moja moje moi twój twoja twoje swój swoja swoje nasz nasza nasze wasz wasza wasze "
        "jego jej ich ten ta to ci te tego tej tych tym ja ty on ona ono my wy oni one jest są był "
        "była było byli były będzie będą jestem bardzo tak zbyt każdy każda pan pani",
        "się",
        "jest są był była było będzie on ona ono oni",
    ),
    "ru": (
        "и или но а что чтобы потому когда если хотя пока как который которая которое которые "
        "которого которой которых где куда чем ведь зато либо",
        "в во с со на к ко от ото до из изо у о об обо по за перед через для без под над между при "
        "про около после среди против кроме ради",
        "не ни мой моя моё мои твой твоя твоё твои свой своя своё свои наш наша наше наши ваш ваша "
        "ваше ваши его её их этот эта это эти тот та те я ты он она оно мы вы они был была было "
        "были будет будут очень так слишком каждый каждая",
        "же ли бы б ж",
        "его её их был была было были будет все я ты он она мы вы они",
    ),
    "uk": (
        "і й та або але а що щоб бо тому коли якщо хоча поки як який яка яке які якого якої яких "
        "де куди ніж чи адже",
        "в у з із зі на до від о об по за перед через для без під над між при про біля після серед "
        "проти крім заради",
        "не ні мій моя моє мої твій твоя твоє твої свій своя своє свої наш наша наше наші ваш ваша "
        "ваше ваші його її їх їхній цей ця це ці той ті я ти він вона воно ми ви вони є був була "
        "було були буде будуть дуже так занадто кожен кожна",
        "ж же би б",
    ),
    "cs": (
        "a i nebo ale že aby protože když jestli jestliže pokud ačkoli zatímco jak který která "
        "které kteří kterého kde než však proto",
        "v ve s se z ze na do od o u po za před přes pro bez pod nad mezi při k ke ku kvůli kolem "
        "podle během kromě proti",
        "ne můj moje moje tvůj tvoje svůj svoje náš naše váš vaše jeho její jejich ten ta to ti ty "
        "ta tento tato toto já ty on ona ono my vy oni je jsou byl byla bylo byli byly bude budou "
        "jsem jsi jsme jste velmi tak příliš každý každá pan paní",
        "",
    ),
    "sk": (
        "a i alebo ale že aby pretože keď ak kým hoci ako ktorý ktorá ktoré ktorí kde než však",
        "v vo s so z zo na do od o u po za pred cez pre bez pod nad medzi pri k ku kvôli okolo "
        "podľa počas okrem proti",
        "nie môj moja moje tvoj tvoja tvoje svoj svoja svoje náš naša naše váš vaša vaše jeho jej "
        "ich ten tá to tí tie tento táto ja ty on ona ono my vy oni je sú bol bola bolo boli bude "
        "budú som si sme ste veľmi tak príliš každý pán pani",
        "",
    ),
    "sr": (
        "i ili ali a da što jer kad kada ako iako dok kako koji koja koje kojeg gde gdje nego pa "
        "и или али а да што јер кад када ако иако док како који која које где него па",
        "u s sa na do od o po za pred kroz bez pod nad između pri k ka zbog oko prema protiv osim "
        "posle nakon у с са на до од о по за пред кроз без под над између при к ка због око према",
        "ne moj moja moje tvoj tvoja tvoje svoj svoja svoje naš naša naše vaš vaša vaše njegov "
        "njen njihov ovaj ova ovo taj ta to ja ti on ona ono mi vi oni je su bio bila bilo bili "
        "sam si smo ste će ću ćeš vrlo tako previše не мој моја моје твој свој наш ваш његов овај "
        "ова ово тај та то ја ти он она ми ви они је су био била било били сам си смо сте ће ћу",
        "",
    ),
    "sv": (
        "och eller men utan att för eftersom när om medan fastän som där då än så",
        "i på av till från med vid för över under mellan genom utan mot efter före hos bakom ur "
        "åt inom kring bland trots längs",
        "en ett den det de min mitt mina din ditt dina sin sitt sina hans hennes vår vårt våra er "
        "ert era deras denna detta dessa inte aldrig jag du han hon vi ni är var har hade kan "
        "kunde ska skulle vill måste får blir blev mycket så alltför varje någon något några",
        "",
    ),
    "da": (
        "og eller men at fordi når da hvis mens skønt selvom som der hvor end så",
        "i på af til fra med ved for over under mellem gennem uden mod efter før hos bag ad "
        "omkring blandt trods langs om",
        "en et den det de min mit mine din dit dine sin sit sine hans hendes vores jeres deres "
        "denne dette disse ikke aldrig jeg du han hun vi i er var har havde kan kunne skal "
        "skulle vil ville må bliver blev meget så alt hver nogen noget nogle",
        "",
    ),
    "no": (
        "og eller men at fordi når da hvis mens selv som der hvor enn så om",
        "i på av til fra med ved for over under mellom gjennom uten mot etter før hos bak ad rundt "
        "blant langs",
        "en ei et den det de min mi mitt mine din di ditt dine sin si sitt sine hans hennes vår "
        "vårt våre deres denne dette disse ikke aldri jeg du han hun vi dere er var har hadde "
        "kan kunne skal skulle vil ville må blir ble veldig så altfor hver noen noe eit ein eg ho "
        "me dei ikkje",
        "",
    ),
    "fi": (
        "ja tai vai mutta vaan että koska kun jos vaikka kunnes sillä joka jotka jonka jota jossa "
        "missä kuin sekä eli",
        "ilman ennen",
        "ei en et emme ette eivät minun sinun hänen meidän teidän heidän tämä tuo se nämä nuo ne "
        "minä sinä hän me te he on ovat oli olivat olen olet olemme olette hyvin niin liian joka "
        "herra rouva",
        "kanssa jälkeen aikana takana edessä alla päällä vieressä luona kautta vuoksi takia mukaan "
        "ohi läpi välissä sisällä ulkopuolella asti saakka kohti",
    ),
    "tr": (
        "ve veya ya ama fakat çünkü eğer ki oysa ancak hem",
        "",
        "bir bu şu o her hiç çok daha en benim senin onun bizim sizin onların ben sen biz siz "
        "onlar değil bazı bütün sayın",
        "ile için gibi kadar göre sonra önce rağmen doğru karşı beri dolayı üzere mi mı mu mü "
        "miyim mıyım musun misin mısın müsün da de dir değil ise idi",
    ),
    "hu": (
        "és vagy de hogy mert ha amikor mikor bár míg mint aki akik ami amely amelyek ahol hanem "
        "pedig",
        "",
        "a az egy ez ne nem sem is én te ő mi ti ők van volt nagyon túl minden az én te meg csak",
        "is alatt alól alá felett fölé fölött mellett mellől mellé mögött mögé előtt elé között "
        "közé után óta miatt szerint nélkül iránt helyett által felé ellen",
    ),
    "ro": (
        "și şi sau dar ci că să pentru deoarece când dacă deși deşi care unde cum decât iar",
        "de la în din cu pe pentru fără peste sub între spre către după înainte până prin dintre "
        "despre contra lângă",
        "un o niște al a ai ale meu mea mei mele tău ta săi sa lui ei noastră nostru voastră "
        "vostru lor acest această acești aceste acel acea nu mă te se ne vă îl le îmi îți își eu "
        "tu el ea noi voi este sunt era erau am ai au are avea fost "
        "poate pot va vor foarte mai prea atât "
        "fiecare domnul doamna",
        "",
    ),
    "el": (
        "και κι ή αλλά όμως ούτε ότι πως επειδή γιατί αν όταν ενώ όπως που πού ώστε ενώ μα",
        "σε στο στη στην στον στα στις στους στου από με για προς ως μετά πριν χωρίς κατά παρά "
        "μέχρι έως",
        "ο η το οι τα του της των τον την τη τις τους ένας μια μία ένα έναν δεν δε μη μην να θα ας "
        "εγώ εσύ αυτός αυτή αυτό εμείς εσείς αυτοί είναι ήταν είμαι έχω έχει έχουν είχε πολύ πιο "
        "τόσο κάθε κύριε κυρία μου σου",
        "",
    ),
    "bg": (
        "и или но а че да защото когато ако въпреки докато как който която което които където",
        "в във с със на от до из у о по за пред през без под над между при към около след срещу",
        "не ми ти си му ѝ ни ви им моят моята твоят твоята неговия този тази това тези аз ти той "
        "тя то ние вие те е са беше бяха съм сте сме ще много твърде всеки",
        "ли",
    ),
    "vi": (
        "và hoặc hay nhưng mà vì bởi nếu khi tuy dù rằng thì nên để",
        "của ở tại trong ngoài trên dưới với cho từ đến bằng về theo qua giữa sau trước",
        "một các những mỗi mọi cái con chiếc không chưa chẳng đã đang sẽ rất quá là được bị "
        "hãy đừng cũng đều vẫn",
        "này đó kia ấy ạ à nhé nhỉ",
    ),
    "id": (
        "dan atau tetapi tapi bahwa karena sebab jika kalau ketika saat meskipun walaupun yang "
        "sehingga supaya agar sedangkan",
        "di ke dari pada dengan untuk oleh dalam antara tanpa tentang seperti sejak sampai hingga "
        "kepada terhadap daripada bagi",
        "sebuah seorang para si sang tidak tak bukan belum jangan sudah telah sedang akan bisa "
        "dapat harus boleh adalah ialah sangat paling "
        "lebih setiap pak bu",
        "ini itu pun",
        "sudah belum lagi bisa",
    ),
    "ko": (
        "그리고 그러나 하지만 그런데 그래서 또는 혹은 및 만약 왜냐하면",
        "",
        "이 그 저 한 두 세 네 몇 각 매 안 못 더 가장 아주 너무 매우 내 네 제 우리 새 모든 여러",
        "수 것 거 게 걸 때 때문에 뿐 줄 적 만큼 대로 듯 중 후 전 동안 채 있다 있어요 있습니다 없다 "
        "없어요 없습니다 같다 같아요 같습니다 싶다 싶어요 싶습니다 않다 않아요 않습니다",
    ),
    "ar": (
        "و أو لكن ولكن لأن إذا عندما بينما حيث الذي التي الذين اللذان كما حتى ثم أم بل",
        "في من إلى على عن مع بعد قبل بين تحت فوق عند منذ خلال ضد حول دون بدون أمام خلف لدى مثل",
        "لا لم لن ما ليس ليست قد لقد سوف أن إن أنا أنت أنتم هو هي نحن هم كان كانت كانوا يكون هذا "
        "هذه ذلك تلك هؤلاء كل بعض أي غير جدا يا هل كلا",
        "",
    ),
    "fa": (
        "و یا اما ولی که چون زیرا اگر وقتی هرچند تا بلکه",
        "در از به با برای بر تا بدون درباره میان بین زیر روی پیش پس",
        "این آن یک هر هیچ نه من تو او ما شما آنها خیلی بسیار می نمی همه چند",
        "را است هستند بود بودند شد هم",
    ),
    "he": (
        "ו או אבל אך כי אם כאשר כש למרות בגלל ש אשר כדי אלא",
        "של על אל עם מן בין תחת מעל אחרי לפני בלי עד אצל נגד כמו לגבי בתוך מתוך ליד",
        "את לא אין יש אני אתה אתם הוא היא אנחנו הם הן היה היתה הייתה היו זה זאת זו אלה אלו כל מאוד "
        "גם רק עוד שלי האם מר גברת",
        "",
    ),
    "hi": (
        "और या लेकिन मगर पर कि क्योंकि अगर यदि जब हालाँकि जो जिसने जिसे जहाँ तो बल्कि",
        "बिना",
        "एक यह ये वह वे मैं तुम आप हम मेरा मेरी मेरे तुम्हारा आपका आपकी आपके हमारा हमारी हमारे उसका "
        "उसकी उसके इस उस इन उन नहीं न मत बहुत हर कोई कुछ श्री",
        "का की के को ने से में पर तक भी ही है हैं हूँ हो था थी थे गा गी गे रहा रही रहे लिए साथ बाद पहले "
        "द्वारा वाला वाली वाले जी तो गया गई गए सकता सकती सकते चाहिए",
    ),
    # Where words are not spaced: how a phrase begins, how it begins, how it ends, how it begins.
    "ja": (
        "しかし でも だから それで そして また ただし なぜなら もし けれども ところが つまり",
        "",
        "この その あの どの こんな そんな あんな どんな とても もっと 最も ある",
        "こと もの とき ところ ため よう はず わけ つもり ので から いる いた います いました "
        "ください",
    ),
    "zh": (
        "但是 但 可是 不过 不過 因为 因為 所以 如果 而且 而 或者 还是 還是 然后 然後 虽然 雖然 "
        "即使 除非 于是 於是 并且 並且 和 与 與 跟 及 以及 只要 只有 无论 無論",
        "在 对 對 从 從 把 被 给 給 向 为了 為了 比 用 关于 關於 按照 通过 通過 由 随着 隨著",
        "是 很 不 没 沒 没有 沒有 也 都 就 才 又 再 还 還 更 最 太 非常 一个 一個 这个 這個 "
        "那个 那個 这 這 那 我的 你的 他的 她的 会 會 能 要 想 可以 应该 應該 必须 必須 将 將 "
        "正在 已经 已經 每 这件 這件 这种 這種 这些 這些 那些 一种 一種 一些",
        "的 了 吗 嗎 呢 吧 着 著 过 過 们 們 得 地 么 麼 啊 呀 啦 里 裡 上 下 中",
    ),
    "yue": (
        "但係 不過 因為 所以 如果 而且 或者 定係 然後 雖然 同埋 同",
        "喺 對 由 將 俾 畀 為咗",
        "係 好 唔 冇 都 就 先 又 再 仲 更 最 太 一個 呢個 嗰個 我嘅 你嘅 佢嘅 會 可以 應該",
        "嘅 咗 啦 㗎 喇 咩 呀 啊 喎 囉 緊 過 哋 度",
    ),
    "th": (
        "และ หรือ แต่ เพราะ เพราะว่า ถ้า ถ้าหาก เมื่อ ซึ่ง ว่า เพื่อ จึง ดังนั้น แม้ว่า ขณะที่ จนกว่า",
        "ใน บน ใต้ ของ จาก กับ ด้วย โดย ถึง สำหรับ ระหว่าง ตาม ที่",
        "การ ความ ไม่ จะ ได้ กำลัง ต้อง ควร อาจ เคย เป็น คือ ทุก หลาย ผม ฉัน คุณ เขา เธอ เรา มัน พวก นาย นาง",
        "ครับ ค่ะ คะ นะ นี้ นั้น แล้ว อยู่ ด้วย เลย หรอก สิ ล่ะ",
    ),
}

CLAUSE_ENDINGS: dict[str, tuple[tuple[float, tuple[str, ...]], ...]] = {
    "ja": (
        (
            1.8,
            ("けど", "けれど", "けれども", "から", "ので", "のに", "たら", "れば", "ながら", "し"),
        ),
        (2.0, ("て", "で", "ると")),
        (2.4, ("は", "も", "では", "には", "とは")),
        (3.2, ("が", "を", "に", "へ", "と", "まで", "より")),
        (6.0, ("の", "な")),
    ),
    "ko": (
        (
            1.8,
            (
                "지만",
                "는데",
                "은데",
                "니까",
                "으면",
                "면서",
                "려고",
                "어서",
                "아서",
                "해서",
                "하고",
            ),
        ),
        (2.4, ("은", "는")),
        (3.2, ("에서", "에게", "으로", "까지", "부터", "에")),
        (6.0, ("의",)),
    ),
}
"""What a break costs after the endings of words, in languages whose endings say what a word does
in its sentence; on the scale of :mod:`.syntax`."""
