"""What the codes of wallets are called, in zh-CN and English."""

from collections.abc import Mapping
from typing import Final

from shared.wallets.wallet import Role, Words

PAYERS: Final[Mapping[str, Words]] = {
    "merchant": Words("商家", "the merchant"),
    "merchant_account": Words("商家的账户", "the merchant's account"),
    "acquirer": Words("收单机构", "the acquirer"),
    "issuer": Words("发卡行", "the card's issuer"),
    "upi_rules": Words("按UPI规则确定的一方", "whoever UPI's rules name"),
    "bank": Words("银行", "the bank"),
    "wallet": Words("钱包运营方", "the wallet's operator"),
    "nobody": Words("默认没有人", "nobody by default"),
}
ROLES: Final[Mapping[Role, Words]] = {
    Role.ISSUER_WALLET: Words("钱包本身", "the wallet itself"),
    Role.MERCHANT_PSP: Words("商家或其支付服务商", "the merchant or its payment service"),
    Role.CARD_ISSUER: Words("发卡行", "the card's issuer"),
    Role.SELF_CUSTODY: Words(
        "自托管钱包的客服，不持有密钥", "support of a self-custody wallet; holds no keys"
    ),
}
