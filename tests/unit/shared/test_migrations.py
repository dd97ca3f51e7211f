"""Migrations are frozen: a database that ran one never sees a change of it."""

import hashlib

from deploy.local.files import CHECKOUT

# A new file gets a line here. An old line never changes: write the next revision instead.
FROZEN = {
    "services/intake/migrations/0001.sql": (
        "39b824dfc59e3643ea4ae5d57e09f4db30b804b4bc53fbb5c75e914a2652e9fc"
    ),
    "services/intake/migrations/0002.sql": (
        "9fcd9da822ee6b985a16df813e8bfb593d7e0d2bf61c2c319a9695bb3537f80e"
    ),
    "services/intake/migrations/0003.sql": (
        "6e8e783a1c391091124101c2735b7260a8be30af7bacdf9895818704af3881e4"
    ),
    "services/intake/migrations/versions/0001_first.py": (
        "acc3931a5d1092f53979977c75a380f369f2a26f958892ee5da1f10436faebab"
    ),
    "services/intake/migrations/versions/0002_every_kind.py": (
        "f82216470243054f5f1f4c91fc106f43e3fb8b7fc41fa2ead2231a95447c75ec"
    ),
    "services/intake/migrations/versions/0003_on_chain.py": (
        "1f7a96b75af6dd2fc91e1c8f89de5325ab6cedac1f5e85e6d1a67ea9d8bc6a75"
    ),
    "services/notifier/migrations/0001.sql": (
        "ab090a51b3e51cf23550b3ccb81d06ba0d4979fff924f4d35c5af59ed90f608f"
    ),
    "services/notifier/migrations/0002.sql": (
        "785433c2614e71ef3e9d82eff54e27d8675fd8787d8d311d7e9dac0462a466ed"
    ),
    "services/notifier/migrations/versions/0001_first.py": (
        "791398c693a60574f334c5a30cd1b13460fbe7bfbbded36bc23d74caa5472198"
    ),
    "services/notifier/migrations/versions/0002_security.py": (
        "fa8361c3f594c863706412ff04a513ef47cf844c07fc90d2122e5789dfb0438c"
    ),
    "services/tracker/migrations/0001.sql": (
        "ba97e8a2b345256cc24041f9da2a18dc04a83267ca2415e12163a0d7268405a8"
    ),
    "services/tracker/migrations/0002.sql": (
        "a45b14be91aa3a5435c1906a67ab5e7570e04186e79c15e8d08bea919c6528a9"
    ),
    "services/tracker/migrations/0003.sql": (
        "0a46b5fae62825b9ce71fce5b88abe990152f84ec926ee69dc41af05e3edce01"
    ),
    "services/tracker/migrations/0004.sql": (
        "2857256aa7505b012b9207e1189fdfd02b4c6915d88e3320d735573806202c9c"
    ),
    "services/tracker/migrations/0005.sql": (
        "6f3c0b763c30aee15bd2967336187cc69c47b28fed5fceacb3dda3929d164674"
    ),
    "services/tracker/migrations/0006.sql": (
        "ca1042dac4235ddc4d4491c2afc18c1b5493215e72e3ae497f3f92d551d8c321"
    ),
    "services/tracker/migrations/0007.sql": (
        "5f8d845b3fa95053d1a99a31193b6b5e2a17f00a63545f763694fa848abc0583"
    ),
    "services/tracker/migrations/0008.sql": (
        "144da57f104d585b33b810411e215cb0ed381774f619a08f102ff791e1c55e63"
    ),
    "services/tracker/migrations/0009.sql": (
        "c409f4bf29e49497020cd475e2b8e3ab1210e3bb9b8bf0c7ebbb7705aaf1fcd9"
    ),
    "services/tracker/migrations/0010.sql": (
        "b0553cfe828242a19aaeb47e0a5e6748b9e99d4f5aa1bc9d93af38d42d5cd23a"
    ),
    "services/tracker/migrations/0011.sql": (
        "db9bf987bf09434be7aaeb587a1250045007ebef221196a3fa2163615584a78d"
    ),
    "services/tracker/migrations/0012.sql": (
        "5e77fbb16261b792958f0389ddaa042477879b10c98aee87b241f03dd051a08a"
    ),
    "services/tracker/migrations/versions/0001_first.py": (
        "d6f357c88967a94c75f9fa14842c054cbb976c4bb3b8543ad0c0f5f51e78482a"
    ),
    "services/tracker/migrations/versions/0002_money_shown.py": (
        "2612b24b3f110576fe876c73ce14b466e209a4a654ea2e71414b458bf0d2fbdb"
    ),
    "services/tracker/migrations/versions/0003_ledger.py": (
        "d43516e9e5661ca1ee777fb02bb4c078d225a1ebd54a451dc12d30e12c455339"
    ),
    "services/tracker/migrations/versions/0004_more_legs.py": (
        "da009bcdce4c6c8086060162b55f1fc5a1cb7fadea65ab6ba35aabe18f3d7f9a"
    ),
    "services/tracker/migrations/versions/0005_every_dispute_of_a_transaction.py": (
        "d9028a5561f3e9bca4af9231b9614bcf20d1c50db64373a0f72a5241383f56dc"
    ),
    "services/tracker/migrations/versions/0006_without_a_transaction.py": (
        "0235555dea04b6e4ec48c671ea0b984e9e0da5df8054be0dc883f56fe120cfe5"
    ),
    "services/tracker/migrations/versions/0007_said_at_the_opening.py": (
        "93a38570817b46d463f010419eeb26be6ec97ed81caac473835209ff130b166c"
    ),
    "services/tracker/migrations/versions/0008_a_hold_refused.py": (
        "4607408723c039df324ae8c645269f91baa66de9f2a04aee6c4d05133782328f"
    ),
    "services/tracker/migrations/versions/0009_ended.py": (
        "df1e9408be8c83dfc8d4d4544b1fd5f4ee4c639aad1e9ad7b7906c67921d9119"
    ),
    "services/tracker/migrations/versions/0010_by_slack.py": (
        "dc9ccb4872359ebae146ff77d964ec0d377b62847b48bfed4d4e91c743d46582"
    ),
    "services/tracker/migrations/versions/0011_waits.py": (
        "0aeffd710ea7e072ca94c82c744e6365f30ae3173744d0d09836ba41f794843a"
    ),
    "services/tracker/migrations/versions/0012_wallet.py": (
        "5eb707bef9f363cb3fd3e8203b2f7268ed9e59fc23ddbd2f428f363dfb6bd4d2"
    ),
    "shared/pipes/0001.sql": ("e7f0b5c5f843f9b0610ac9fef4b1eeb6e32337286b4d83c548effd8ddb741a8d"),
}
PLACES = (
    "shared/pipes/*.sql",
    "services/*/migrations/*.sql",
    "services/*/migrations/versions/*.py",
)


def test_no_committed_migration_is_edited() -> None:
    found = {
        path.relative_to(CHECKOUT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for place in PLACES
        for path in CHECKOUT.glob(place)
    }
    assert found == FROZEN
