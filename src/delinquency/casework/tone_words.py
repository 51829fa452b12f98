"""The patterns of words that may not go out, by kind, in English and Chinese."""

from types import MappingProxyType

_PEOPLE = (
    r"(?:family|famil\w+|wife|husband|spouse|partner|parents?|mother|father|mum|mom|dad|children|"
    r"kids?|sons?|daughters?|brother|sister|relatives?|friends?|neighbou?rs?|colleagues?|"
    r"co-?workers?|employers?|boss|manager|landlord|contacts|workplace|office|school|church)"
)
ENGLISH = MappingProxyType(
    {
        "threat": (
            r"\bor else\b",
            r"(?:you(?:'ll| will)|going to|live to) (?:be )?(?:regret|be (?:very )?sorry)",
            r"\b(?:last|final|only) (?:warning|chance|opportunity|notice before)",
            r"(?:severe|serious|dire|grave|unpleasant|bad|heavy) (?:legal )?consequences?",
            r"\b(?:face|suffer|bear|live with) (?:the )?consequences?",
            r"\barrest(?:ed)?\b|\bjail|\bprison|\bhandcuff|\bbehind bars|\blocked up\b",
            r"\b(?:call|inform|send|report (?:you|this|it) to|go to) (?:in )?the (?:police|"
            r"authorit\w+|immigration|tax office)",
            r"\bpolice (?:will|officers? (?:will|are|may|can)|are|"
            r"reports? (?:will|against|on you))|\bcriminal(?:ly)?\b|\bfelony\b",
            r"\b(?:ruin|destroy|blacken|wreck|damage|hurt|harm|end|finish) your\b",
            r"\b(?:ruin|destroy|finish|expose|shame|humiliate|hunt|chase|haunt|track|crush|break)"
            r" you\b",
            r"black ?list",
            r"\bwe (?:know|found out|can find|will find) (?:out )?where",
            r"\b(?:come|came|coming|drop by|show up|turn up|send \w+(?: \w+)?|visit you|be|stand) "
            r"(?:by |round |over )?(?:to|at|in front of) your (?:home|house|work\w*|office|door|"
            r"place|apartment|flat)",
            r"\b(?:our|the|a) (?:agents?|men|team|field officers?|collectors?) (?:will|are going "
            r"to|may) (?:visit|come|call (?:on|at)|be at|pay)",
            rf"\b(?:tell|inform|contact|call|notify|visit|phone|write to|speak (?:to|with)|"
            rf"talk to|"
            rf"reach out to|ask|approach|involve|alert|warn|email|message|let) (?:all )?(?:of )?"
            rf"your {_PEOPLE}",
            rf"\byour {_PEOPLE} (?:\w+ )?(?:will|would|may|might|should|is going to|are going to|"
            rf"can|could) (?:hear|know|learn|find|be (?:told|informed|contacted|ashamed)|"
            rf"pay|suffer)",
            r"\b(?:everyone|everybody|the whole \w+|all your \w+) (?:will|is going to|should) "
            r"(?:know|hear|learn|see|find)",
            r"\b(?:publish|post|publici[sz]e|print|display) your (?:name|photo|picture|debt|"
            r"details)",
            r"\bseiz(?:e|ed|ing|ure)\b|\bgarnish|\brepossess|\bevict|\bforeclos|\bconfiscat|"
            r"\bdeport|\bconfiscat",
            r"\b(?:take|tak(?:ing|en)|lose|losing|freez(?:e|ing)|frozen|block(?:ed)?|empty|sell) "
            r"(?:away )?(?:all )?(?:of )?your (?:home|house|car|wages?|salary|job|accounts?|"
            r"belongings|property|possessions|children|kids|visa|passport|benefits|licen[cs]e)",
            r"\byour (?:wages?|salary|car|house|home|accounts?|property|belongings|benefits) "
            r"(?:will|may|can|could|are going to|is going to) be",
            r"\bforce you\b|\bmake you pay\b|\bget (?:it|our money) (?:out of you|one way)",
            r"\bone way or (?:the )?(?:an)?other\b|\bthe hard way\b|\bno way out\b",
            r"\byou(?:'ll| will) (?:lose|never (?:get|be|have|see|find))",
            r"\bnever (?:get|have|be given) (?:credit|a loan|a card|an account|a job)",
            r"\b(?:no one|nobody|no bank) will (?:ever )?(?:lend|give|hire|trust|employ)",
            r"\b(?:leave|left|leaves|give|gives) us (?:with )?no (?:choice|option|alternative)",
            r"\bno (?:other )?(?:choice|option|alternative) but\b",
            r"\bwe(?:'ll| will| shall| are going to) (?:be forced|have to (?:take|act|escalate)|"
            r"take (?:all|any|every|further|tougher|stronger|other|action)|escalate|not hesitate|"
            r"stop at nothing|hold you|see to it|make sure you|act against|proceed against|"
            r"pursue you|come after|hunt|deal with you|teach)",
            r"\b(?:further|tougher|stronger|drastic|harsh|necessary|enforcement|recovery|stern) "
            r"(?:action|measures|steps)",
            r"\bpatience (?:is|has|will)|\brun(?:ning)? out of patience|\btime is (?:running|up)",
            r"\b(?:watch|think of|think about|mind|consider) (?:out for )?your "
            r"(?:back|step|family|children|kids|safety|future|reputation|job)",
            r"\bbefore (?:it(?:'s| is) too late|things get (?:worse|ugly)|something happens)",
            r"\b(?:this|it|things?) (?:will|could|may|can|is going to) (?:not end well|end badly|"
            r"get (?:ugly|worse|unpleasant|much worse)|become unpleasant)",
            r"\bmake (?:your )?(?:life|things) (?:difficult|hard|hell|miserable|unpleasant)",
            r"\bcredit (?:score|rating|record|history|file) (?:will|is going to|would) be "
            r"(?:ruined|destroyed|damaged|wrecked|affected|marked)",
            r"\b(?:everyone|everybody|the whole town|they all) (?:knows?|hears?|learns?)",
            r"\bpublic list\b|\bfield (?:team|officers?|agents?)\b|\bimmigration\b|\byour visa\b",
            r"\bmake (?:your |his |her )?life (?:very |really )?(?:difficult|hard)",
            r"\b(?:cost you|dearly|face the music|in trouble|be trouble|end up with nothing|"
            r"at risk|watching you|theft)\b",
            r"\blast time (?:we|i|you)\b|\bask(?:ing)? nicely\b|\bpay up\b",
            r"\b(?:double|triple|add) (?:your debt|what you owe|another)",
            r"\b(?:borrow|take (?:out )?(?:a )?loans?|get a loan|sell your) (?:\w+ ){0,4}(?:"
            r"to pay|"
            r"and pay|from (?:your )?(?:family|friends))",
        ),
        "moral label": (
            r"deadbeat",
            r"dishonest|dishonou?rabl",
            r"irresponsib\w+",
            r"\blaz(?:y|iness)",
            r"\bliars?\b|\blying\b|\byou lied\b",
            r"\bcheat\w*|\bcrooks?\b|\bthie(?:f|ves)\b|\bsteal(?:ing)?\b|\bstole\b",
            r"\byou(?:'re| are) (?:a |an |committing )?fraud\w*|\bfraudster|\byour fraud\w*|"
            r"\bcommit(?:ted|ting)? fraud|\bdefraud",
            r"\bshame(?:ful|less)?\b|asham\w+",
            r"disgrac\w+|\bpathetic|\bworthless|\bloser\b|\bparasite|\bscum\b|\bstupid|\bidiot",
            r"\bdebt dodger\w*|\bdodg(?:e|ing)\b|\bdefaulter",
            r"bad faith|malicious\w*|deliberately (?:not|avoid|refus|evad)",
            r"untrustworthy|\bno (?:honou?r|morals|conscience|decency)\b",
            r"your (?:own )?fault",
            r"\bexcuses\b",
            r"\bcareless\w*|reckless\w*",
            r"\brefuse to pay\b|\brefusing to pay\b",
            r"\b(?:honest|decent|responsible|good) (?:people|person|man|woman|customers?) "
            r"(?:pays?|would|do(?:es)?)",
            r"\bhow (?:can|could|do) you (?:sleep|live|look|dare)",
            r"\b(?:live|living|spend|spending) (?:on|with) other people's money|\bour money\b",
        ),
        "pressure": (
            r"\bimmediate(?:ly)?\b|\bat once\b|\bright (?:now|away)\b|without (?:further )?delay|"
            r"\binstantly\b",
            r"within (?:the next )?\d+ (?:hours?|minutes?)|\bby (?:tonight|midnight|close of|"
            r"tomorrow|the end of (?:the|this|to)\s?day)|\btoday or\b|"
            r"\bpay (?:it )?(?:now|today)\b",
            r"\byou (?:must|have to|need to|had better|better|will) (?:\w+ )?(?:pay|settle|clear)",
            r"\bwe (?:expect|require|insist)\b.{0,40}\b(?:today|now|payment|full)",
            r"\bdemand(?:s|ed|ing)?\b",
            r"no more (?:delay\w*|excuses|time|extensions?|talk)",
            r"urgent\w*|\bact (?:now|fast)\b|\bhurry\b",
            r"\b(?:we|i) (?:will|'ll) (?:call|ring|phone|contact|write to) (?:you )?(?:again )?"
            r"(?:every|each|day and night|until you)|\bday and night\b|\bkeep calling\b",
            r"\bif (?:you|we|this|payment|the (?:amount|balance|payment|money))[^.?]{0,60}"
            r"(?:not|n't|fail\w*|unpaid|ignore\w*|refus\w*)[^.?]{0,60}\b(?:we|our|you|your)\b"
            r"[^.?]{0,20}\b(?:will|shall|'ll)\b(?! (?:help|still|be (?:glad|happy)|look|find|try|"
            r"listen|work|talk|gladly|not|send|explain|call you back|hear|keep))",
            r"[!?]{2,}",
        ),
        "legal word before step 4": (
            r"\blaw ?suits?\b",
            r"\bsu(?:e|ed|ing)\b",
            r"\bcourts?\b",
            r"\blawyer\w*|attorney\w*|solicitor\w*|\blegal team\b",
            r"legal (?:action|steps?|means|proceedings?|department|consequences?|measures|process|"
            r"claim)",
            r"litigat\w+|\btribunal\b|\bsubpoena",
            r"\bjudg(?:e)?ments?\b|\bjudges?\b",
            r"bailiff\w*|\bsheriff",
            r"summons",
            r"prosecut\w+",
            r"enforcement (?:order|officer|action|agent)",
        ),
        "other people": (
            rf"\byour {_PEOPLE}\b",
            r"(?:family|emergency) contact|contact list|address book",
        ),
    }
)
CHINESE = MappingProxyType(
    {
        "threat": (
            "后果自负",
            "严重后果",
            "不堪设想",
            "最后通牒",
            "最后警告",
            "最后一次机会",
            "别怪",
            "等着瞧",
            "坐牢",
            "拘留",
            "逮捕",
            "抓你",
            "报警",
            "公安",
            "警方",
            "刑事",
            "上门催",
            "上门找",
            "黑名单",
            "曝光",
            "让你好看",
            "查封",
            "冻结[你您]",
            "后悔",
            "全家",
            "(?:孩子|子女|家人|父母)[^。，]{0,8}(?:受影响|上学|工作|前途)",
            "没(?:有)?好处",
            "(?:有的是|有)办法(?:让|叫|对付)",
            "小心点|当心|识相|老实点",
            "走着瞧",
            "吃不了兜着走",
            "强制措施",
            "采取(?:一切|必要|进一步|强硬|严厉)",
            "不客气",
            "自行承担",
            "后果由[你您]",
            "承担(?:一切|全部|相应|法律)?后果",
            "身败名裂",
            "找到?[你您](?:的)?(?:家|单位|父母|孩子|家人)",
            "(?:联系|通知|告知|告诉|转告|拜访|走访|打给|致电|找)(?:[你您]的?)?(?:家人|家属|父母|配偶|"
            "妻子|丈夫|子女|孩子|亲友|亲属|朋友|邻居|同事|领导|老板|单位|公司|村委|居委|学校)",
            "(?:影响|连累|牵连)(?:[你您]的?)?(?:家人|子女|孩子|工作|出行|就业|征信|前途|父母)",
            "(?:失去|丢掉|没收|扣押|拍卖|变卖|收走)(?:[你您]的?)?(?:工作|房|车|财产|工资|存款)",
            "扣(?:划|押|发)?[你您]的?工资",
            "派人",
            "上门",
            "外访",
            "限制(?:高消费|出境|出行|消费)",
            "列入",
            "公之于众|公示[你您]|张贴",
            "知道[你您](?:住|在哪)",
            "再也(?:借|贷|办)不",
            "没(?:有)?好(?:下场|果子|结果)",
            "犯罪|违法|刑|判刑|牢",
            "借(?:新|钱|款|网贷)(?:来)?(?:还|给)",
            "向(?:亲友|朋友|家人|父母)(?:借|筹)",
        ),
        "moral label": (
            "老赖",
            "恶意",
            "无赖",
            "赖账",
            "赖帐",
            "不要脸",
            "丢人",
            "可耻",
            "羞耻",
            "骗子",
            "[你您](?:这是|属于|涉嫌|就是)?(?:信用卡)?(?:欺诈|诈骗)",
            "欠债还钱",
            "做人",
            "要脸",
            "无耻",
            "卑鄙",
            "耍赖",
            "装(?:傻|穷|死)",
            "失信",
            "不讲信用",
            "没有信用",
            "不负责任",
            "没责任",
            "人品",
            "良心",
            "懒",
            "逃债",
            "躲债",
            "不诚信",
            "拒不还款",
            "故意拖欠",
            "找借口",
        ),
        "pressure": (
            "立即还款",
            "马上还款",
            "立刻还款",
            "立即还清",
            "限你",
            "限您",
            r"\d+小时内",
            "勒令",
            "责令",
            "催收",
            "追讨",
            "必须(?:在|于|今|立|马|尽|全|还)",
            "赶紧|赶快|立即|立刻|马上|火速|从速",
            "最后期限|最后一天|最后时限",
            "今(?:天|日)(?:之内|内|下班前|\\d+点前|必须|不还)",
            "(?:如果|若|如|再|要是)[^。，]{0,12}(?:不还|不处理|未还|逾期|拒)[^。]{0,20}(?:将|会|就|后果|则)",
            "每天(?:都)?(?:打|联系|致电)",
            r"[!?]{2,}",
        ),
        "legal word before step 4": (
            "起诉",
            "诉讼",
            "法院",
            "法庭",
            "律师",
            "法务",
            "司法",
            "立案",
            "传票",
            "开庭",
            "判决",
            "强制执行",
            "仲裁",
            "法律手段",
            "法律程序",
            "法律责任",
            "支付令",
        ),
        "other people": (
            "[你您]的?(?:家人|家属|父母|配偶|妻子|丈夫|子女|亲友|亲属|朋友|邻居|同事)",
            "单位领导",
            "您的单位",
            "你单位",
            "你的单位",
            "紧急联系人",
            "通讯录",
        ),
    }
)
