"""The command `audit`: what each protocol of a corpus keeps apart and what it does not, told in a table."""

import argparse

import pandas as pd

from emostudy.parameters import SHARED

HEAD = f"{'what':<18}{'train':>8}{'dev':>8}{'test':>8}{'in both':>9}{'% of test clips':>17}  promise"


def add_audit(commands) -> None:
    """Add `audit` to the commands."""
    about = "who and what is in train and in test, under each protocol"
    command = commands.add_parser("audit", help=about, description=about, allow_abbrev=False)
    command.set_defaults(command=audit_command)
    command.add_argument("--corpus", default=SHARED["corpus"], help="which corpus (default: %(default)s)")
    command.add_argument("--protocols", default="", metavar="a,b", help="(default: all that the corpus allows)")
    command.add_argument(
        "--data-dir", default="", help="parent folder of the corpora (default: variable EMOSTUDY_DATA)"
    )
    command.add_argument("--profile", default=SHARED["profile"], help="smoke, class or paper (default: %(default)s)")


def audit_command(options: argparse.Namespace) -> int:
    """Print the audit; 1 where a promise is broken, else 0."""
    from emostudy.audit import audit, traits_of
    from emostudy.corpora import load
    from emostudy.corpora.check import differences
    from emostudy.parameters import check_name, check_protocols
    from emostudy.profiles import PROFILES
    from emostudy.protocols import STUDYS_OWN, VARIANTS, possible, unguarded
    from emostudy.wording import counted

    check_name("profile", options.profile, PROFILES)
    asked = options.protocols.replace(",", " ").split()
    check_protocols(asked)
    corpus = load(options.corpus, options.data_dir or None, options.profile)
    reasons = {} if asked else possible(corpus, (*STUDYS_OWN, *VARIANTS))
    protocols = asked or [name for name, reason in reasons.items() if not reason]
    for protocol in protocols:
        unguarded(corpus, protocol, (0,))  # refused now, not after every file was read
    print("\n".join(f"Not as published: {line}" for line in differences(corpus) if options.profile != "smoke"))
    traits = traits_of(corpus)
    tables = [audit(corpus, protocol, traits=traits) for protocol in protocols]
    print(f"{corpus.name}, {options.profile}: {len(corpus)} clips, {len(corpus.left_out)} files or clips left out.")
    print(
        "Numbers are of different values; of several folds the mean, in both: values of test that are in train too, of the"
    )
    print("fold with the most; %: of test clips that have one.")
    for rows in tables:
        print("\n".join(("", *told(rows))))
    why = {reason: [name for name in reasons if reasons[name] == reason] for reason in reasons.values() if reason}
    lacking = [f"  {', '.join(those)}: {reason}" for reason, those in why.items()]
    print("\n".join(["", "Not possible here:", *lacking] if lacking else []))
    broken = [row for rows in tables for row in rows[rows.broken].itertuples()]
    for row in broken:
        print(f"BROKEN: {row.protocol} promises to keep {row.what}s apart and does not, e.g. {row.example or row.what}")
    print(f"{counted(len(broken), 'promise')} broken." if broken else "No promise is broken.")
    return 1 if broken else 0


def told(rows: pd.DataFrame) -> list[str]:
    """Lines of one protocol's table, and an example of each trait that is shared."""
    from emostudy.wording import counted, number, protocol_title

    protocol = rows.protocol.iloc[0]
    lines = [f"{protocol_title(protocol).capitalize()} ({protocol})", HEAD]
    for row in rows.itertuples():
        percent = f"{row.percent:.1f}" + (
            f" (max {row.percent_max:.1f})" if row.percent_max > row.percent + 0.05 else ""
        )
        numbers = (
            f"{number(row.num_train):>8}{number(row.num_dev):>8}{number(row.num_test):>8}{number(row.num_shared):>9}"
        )
        lines.append(f"{row.what:<18}{numbers}{percent:>17}  {promise(row)}")
    if unused := rows.num_unused.iloc[0]:
        lines.append(f"  {counted(unused, 'clip')} in no part: they mix what is kept apart, or it is not known of them")
    for row in rows[rows.num_unknown > 0].itertuples():
        lines.append(f"  {row.what}: not known of {counted(row.num_unknown, 'clip')}, which count nowhere here")
    for row in rows[rows.num_shared > 0].itertuples():
        example = row.example if len(row.example) <= 80 else row.example[:77] + "..."
        lines.append(f"  {row.what}: {counted(row.num_shared, 'value')} of test in train, e.g. {example}")
    return lines


def audit_table(audits: pd.DataFrame) -> pd.DataFrame:
    """The audit of several protocols worded for a page: numbers of different values, and the promise."""
    from emostudy.wording import number, protocol_title

    names = {"what": "what", "num_train": "in train", "num_test": "in test", "num_shared": "in both"}
    table = audits[[*names]].rename(columns=names).map(lambda cell: number(cell) if isinstance(cell, int) else cell)
    table.insert(0, "protocol", audits.protocol.map(protocol_title))
    return table.assign(
        **{"% of test clips": audits.percent.map("{:.1f}".format), "promise": [promise(r) for r in audits.itertuples()]}
    )


def promise(row) -> str:
    """What a protocol promised of a trait, and whether it kept it."""
    if not row.promised:
        return "none made"
    among = {"all": "", "test": " (test against the rest)"}.get(
        row.promise, f" ({row.promise.replace('/', ' against ')})"
    )
    return f"{'BROKEN' if row.broken else 'kept'}{among}"
