"""What a wallet says of itself, and of one dispute that was opened in it."""

from collections.abc import Iterable, Mapping

from services.intake.api.views import SaidView, Terms, WalletPayers, WalletSaid, WalletView
from services.intake.domain.words import Language
from shared import wallets
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Kind
from shared.rules import BadProfile
from shared.wallets import Said, Text, Wallet, WhoPays


def wallet(told: Wallet) -> WalletView:
    """All of it, in every language."""
    return WalletView(
        wallet=told.name,
        version=told.version,
        name=_every(told.names),
        operator=_every(told.brand),
        operator_role=told.role,
        hotline=told.hotline,
        locales=[Language(locale) for locale in told.locales],
        kinds=sorted(told.kinds),
        who_pays=[_payers(kinds, pays) for pays, kinds in _by_payers(told)],
        policies=_said(told.policies),
        promises=_said(told.promises),
        cannot_promise=_said(told.cannot_promise),
        guidance=_said(told.guidance),
    )


def terms(opening: DisputeOpened, today: Wallet, language: Language) -> Terms:
    """What the wallet said when the dispute was opened; today's where that is not known."""
    told, kind = _opened_under(opening, today), opening.kind
    pays = told.who_pays(kind)
    return Terms(
        wallet=told.name,
        wallet_version=told.version,
        who_pays=list(pays.bearers) if pays else [],
        who_pays_text=pays.text.of(language) if pays else None,
        cannot_promise=_about(told.cannot_promise, kind, language),
        guidance=_about(told.guidance, kind, language),
    )


def _opened_under(opening: DisputeOpened, today: Wallet) -> Wallet:
    if opening.wallet is None or opening.wallet_version is None:
        return today
    try:
        return wallets.opened_under(opening.wallet, opening.wallet_version)
    except BadProfile:  # an operator took the file away: no reason to show nothing
        return today


def _about(rows: Iterable[Said], kind: Kind, language: Language) -> list[SaidView]:
    return [
        SaidView(code=said.code, text=said.text.of(language))
        for said in rows
        if said.concerns(kind)
    ]


def _by_payers(told: Wallet) -> Iterable[tuple[WhoPays, list[Kind]]]:
    found: dict[WhoPays, list[Kind]] = {}
    for kind in sorted(told.kinds):
        if pays := told.who_pays(kind):
            found.setdefault(pays, []).append(kind)
    return found.items()


def _payers(kinds: list[Kind], pays: WhoPays) -> WalletPayers:
    return WalletPayers(kinds=kinds, bearers=list(pays.bearers), text=_every(pays.text))


def _said(rows: Iterable[Said]) -> list[WalletSaid]:
    return [
        WalletSaid(code=said.code, text=_every(said.text), kinds=sorted(said.kinds))
        for said in rows
    ]


def _every(text: Text) -> Mapping[str, str]:
    return {language.value: text.of(language) for language in Language}
