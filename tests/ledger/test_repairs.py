"""What would put right what an audit found, told without a database."""

from hub.ledger.journal.repairs import REMEDIES, Nature, plan_repairs
from hub.ledger.journal.rules import LEDGER_RULES, Violation
from hub.ledger.log.checking import LOG_RULES
from settlement.recompute import SETTLEMENT_RULES


def planned(rule, found, expected, place="wallet 7:1"):
    (repair,) = plan_repairs([Violation(rule, place, found, expected)])
    return repair


def test_every_rule_of_check_books_has_a_remedy_and_no_other():
    assert set(REMEDIES) == {*LEDGER_RULES, *LOG_RULES, *SETTLEMENT_RULES}


def test_a_wallet_with_too_much_is_set_from_the_journal_and_what_was_used_is_owed():
    repair = planned("wallet equals its lots", "678, held 0", "677, held 0")
    assert repair.nature is Nature.SUM
    assert repair.wrong == ("wallet 7:1 has 678, held 0 where 677, held 0 is expected: 1 too many")
    assert repair.remedy.startswith("Set the row to what is expected")
    assert len(repair.entries) == 1
    assert repair.entries[0].startswith("REVERSE of up to 1 point with mode UNLIMITED")


def test_a_wallet_with_too_little_needs_no_entry():
    repair = planned("wallet equals its lots", "670, held 0", "677, held 0")
    assert repair.wrong.endswith("7 too few")
    assert repair.entries == ()


def test_refunds_beyond_the_redemption_are_corrected_by_entries_of_the_difference():
    repair = planned("refunds stay within the redemption", "12", "10", "entry 7:4")
    assert repair.nature is Nature.BOOKED
    assert [entry.split(" points")[0] for entry in repair.entries] == [
        "REVERSE of 2",
        "ADJUST on the house lane between acceptor and issuers for the value of 2",
    ]


def test_what_did_not_arrive_arrives_and_what_arrived_beyond_is_reversed():
    missing = planned("arrivals equal captures", "4", "10", "hold 7:3")
    assert missing.entries[0].startswith("ARRIVE of 6 points in the other lane")
    beyond = planned("arrivals equal captures", "10", "4", "hold 7:3")
    assert beyond.entries[0].startswith("REVERSE of 6 points with mode UNLIMITED")


def test_a_changed_journal_is_brought_back_and_never_corrected_by_entries():
    for rule in ("leaf hashes its entry", "sequence is dense", "entry equals its allocations"):
        repair = planned(rule, "401", "400")
        assert (repair.nature, repair.entries) == (Nature.JOURNAL, ())
        assert "backup" in repair.remedy


def test_texts_that_are_no_counts_are_not_subtracted():
    wrong = planned("leaf hashes its entry", "12ab", "34cd").wrong
    assert wrong == "wallet 7:1 has 12ab where 34cd is expected"
    wrong = planned("posted_at never falls", "2026-03-01 12:00", "2026-03-02 12:00").wrong
    assert wrong.endswith("is expected")
    assert planned("lot has a wallet", "", "a wallet").wrong.startswith("wallet 7:1 has nothing")


def test_the_journal_is_put_right_before_its_sums_and_figures_come_last():
    rules = ("cells equal the journal", "flow equals the journal", "leaf hashes its entry")
    repairs = plan_repairs([Violation(rule, "there", "1", "2") for rule in rules])
    assert [repair.rule for repair in repairs] == list(reversed(rules))


def test_nothing_wrong_needs_no_plan():
    assert plan_repairs([]) == []
