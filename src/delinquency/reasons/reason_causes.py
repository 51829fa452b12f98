"""What can become of a trait or fact that raises the risk: stated, or why not, and in words."""

import numpy as np

CAUSES = (
    "stated", "not_stated_by_customer", "beyond_max_reasons", "no_evidence", "weak_willingness",
    "no_fact_raises_it", "protected", "disputed", "missing", "not_applicable",
    "nothing_to_measure", "code_without_words", "no_reference_value", "favourable_side",
    "like_the_reference",
)  # fmt: skip
"""What became of a trait that raises the risk; the first two are reasons, the others withheld."""
CAUSE = {name: np.int8(number) for number, name in enumerate(CAUSES)}
CAUSE_WORDS = {
    "stated": ("stated as a reason", "已作为原因说明"),
    "not_stated_by_customer": ("stated as a value that was not given", "已说明为未提供"),
    "beyond_max_reasons": ("further reasons, beyond the most that are given", "超出原因数量上限"),
    "no_evidence": ("no evidence for the trait", "该方面无证据"),
    "weak_willingness": ("willingness on weak evidence", "意愿方面证据不足"),
    "no_fact_raises_it": ("no single fact raises it", "没有单一事实使其上升"),
    "protected": ("the strongest fact is protected", "最强事实受保护"),
    "disputed": ("the strongest fact is disputed", "最强事实有争议"),
    "missing": ("the strongest fact is a missing value", "最强事实为缺失值"),
    "not_applicable": ("the strongest fact does not apply", "最强事实不适用"),
    "nothing_to_measure": ("there was nothing to measure", "没有可计量的内容"),
    "code_without_words": ("the strongest fact is a code without words", "最强事实为无文字的代码"),
    "no_reference_value": ("the reference has no value", "参考人群没有数值"),
    "favourable_side": ("the strongest fact is on the good side", "最强事实处于有利一侧"),
    "like_the_reference": ("the strongest fact reads like the reference", "最强事实与参考值相同"),
}
"""Each cause in words, English and Chinese."""
