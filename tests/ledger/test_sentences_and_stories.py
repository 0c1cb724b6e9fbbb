"""Every sentence of rule book 1.2 to 1.9 that the ledger decides has stories.

The left side names the section and says in a few words what the sentence promises; the right side
names the stories that tell it. A sentence that other rooms decide (what a purchase is worth, who is
reminded, who may see what) is not here.
"""

import re
from pathlib import Path

STORIES = sorted(Path(__file__).parent.glob("test_stories_of_*.py"))
TOLD = {
    "1.2.1 a credit is a lot with issuer, funder, terms, instants": """
        a_purchase_brings_an_entry_for_each_reason_with_its_own_funder
        a_transfer_keeps_issuer_and_end_of_each_lot""",
    "1.2.2 restricted lots first where they are allowed": """
        restricted_points_go_first_where_they_are_allowed
        of_several_restricted_lots_the_one_that_ends_first_goes_first""",
    "1.2.2 then the earliest end over all issuers, never-ending last": """
        what_ends_first_is_used_first_whoever_issued_it
        what_never_ends_is_used_last""",
    "1.2.2 then the first issue, kept through transfers": """
        of_lots_with_one_end_the_first_issued_is_used_first
        the_order_of_the_first_issue_is_kept_through_transfers
        moved_points_are_redeemed_in_the_order_of_their_first_issue""",
    "1.2.2 then the order of coming into the wallet": """
        of_lots_issued_at_one_instant_the_first_in_the_wallet_is_used_first""",
    "1.2.3 used only from available_at to before expires_at": """
        points_are_usable_until_their_end_and_not_at_it
        the_last_microsecond_of_a_lot_still_counts
        pending_points_become_usable_at_their_instant_and_not_before_it""",
    "1.2.3 not when it is held": "held_points_are_not_spent_elsewhere",
    "1.2.3 decided by the instants, never by whether a job ran": """
        an_end_that_was_not_booked_yet_is_an_end_all_the_same
        a_lapse_is_decided_at_the_end_of_its_hold_however_late_it_is_booked""",
    "1.2.4 restricted to acceptors or categories": """
        restricted_points_are_not_touched_where_they_are_not_allowed
        points_for_a_category_pay_for_that_category_only
        a_lot_for_acceptor_and_category_needs_both""",
    "1.2.4 barred from transfer or exchange": """
        a_lot_may_be_barred_from_transfer
        a_lot_barred_from_transfer_does_not_cross_to_another_lane
        a_lot_may_be_barred_from_exchange
        a_restriction_moves_with_its_points""",
    "1.3.1 a reference issues once per partner and reason": """
        a_reference_issues_once_per_partner_and_reason""",
    "1.3.3 pending points show apart and cannot be used": """
        pending_points_show_apart_and_cannot_be_used_before_their_time
        pending_points_move_to_nobody""",
    "1.3.3 or are released by a later call": """
        points_that_wait_for_a_release_are_usable_from_then_on
        a_lot_is_released_once_and_only_while_it_is_pending
        pending_points_that_have_expired_are_not_released""",
    "1.3.4 caps": """
        a_budget_grants_what_is_left_and_says_so
        a_partner_issues_as_much_as_its_terms_allow_in_a_month
        one_member_gets_as_much_as_the_terms_allow_in_a_month
        a_reversed_issue_gives_its_budget_back""",
    "1.3.5 one entry per reason, each with its own funder": """
        a_purchase_brings_an_entry_for_each_reason_with_its_own_funder
        a_purchase_is_booked_whole_or_not_at_all""",
    "1.4.1 all or nothing, with both numbers": """
        a_redemption_is_all_or_nothing
        a_wallet_that_never_had_points_has_none""",
    "1.4.2 a hold sets lots aside in redemption order": """
        a_hold_sets_lots_aside_in_the_order_of_redemption
        a_hold_is_all_or_nothing""",
    "1.4.2 a capture takes all or part in the same order and frees the rest": """
        a_capture_takes_all_of_a_hold
        a_capture_takes_a_part_in_the_same_order_and_frees_the_rest
        a_capture_takes_no_more_than_was_held""",
    "1.4.2 a void frees all": "a_void_frees_everything",
    "1.4.2 it lapses by itself": "a_hold_lapses_at_its_end_by_itself",
    "1.4.2 each hold ends at most once": """
        each_hold_ends_at_most_once
        a_hold_that_has_lapsed_can_be_neither_captured_nor_voided""",
    "1.4.2 neither spent elsewhere nor expired": """
        held_points_are_not_spent_elsewhere
        held_points_do_not_expire""",
    "1.4.2 on release an expired lot expires at once": """
        what_a_capture_frees_of_an_expired_lot_expires_at_once
        what_a_void_frees_of_an_expired_lot_expires_at_once
        what_a_lapse_frees_of_an_expired_lot_expires_at_once""",
    "1.5.1 whole or part, repeated, never more": """
        never_more_comes_back_than_was_redeemed
        two_redemptions_are_refunded_each_on_its_own
        a_captured_hold_is_refunded_like_a_redemption""",
    "1.5.2 to the lots they came from, last used first": """
        a_refund_goes_to_the_last_used_lot_first
        a_refund_returns_to_the_lot_where_it_lies_after_a_transfer""",
    "1.5.3 an expired lot expires again in the same event": """
        what_returns_to_a_lot_that_has_expired_expires_in_the_same_event
        of_a_refund_only_what_returns_to_expired_lots_expires""",
    "1.5.3 or is reinstated with a grace term": """
        what_returns_to_an_expired_lot_may_be_reinstated_with_a_grace_term
        reinstated_points_of_one_end_keep_the_order_of_their_first_issue
        a_refund_is_not_reinstated_until_an_end_that_is_past""",
    "1.5.4 a line gives back its own points": "each_reason_of_a_purchase_is_reversed_on_its_own",
    "1.6.1 unspent points of its own lots first": """
        a_reverse_takes_unspent_points_of_its_own_lot
        pending_points_can_be_reversed""",
    "1.6.2 ONLY_PENDING": """
        only_pending_takes_what_is_unspent_and_nothing_more
        only_pending_needs_something_that_is_unspent""",
    "1.6.2 WITHIN_BALANCE": """
        within_balance_takes_from_the_other_available_points
        within_balance_leaves_the_rest_as_the_issuers_loss""",
    "1.6.2 UNLIMITED": """
        unlimited_makes_the_rest_arrears
        no_more_is_reversed_than_was_issued_whatever_was_taken""",
    "1.6.3 a debt in points, never a negative lot": "arrears_are_a_debt_and_never_a_negative_lot",
    "1.6.3 they never expire": "arrears_never_expire",
    "1.6.3 every later available credit repays first, with its own allocation": """
        every_later_credit_repays_first_and_says_so
        points_that_a_refund_gives_back_repay
        points_that_a_hold_frees_repay
        pending_points_repay_when_they_become_usable
        points_that_became_usable_repay_although_they_expired_unasked
        points_that_lay_there_when_a_debt_came_repay_although_nobody_asked
        points_whose_hold_ended_after_their_end_do_not_repay
        points_that_expired_before_the_wallet_owed_do_not_repay
        points_that_a_transfer_brings_repay_before_the_next_decision
        restricted_points_do_not_repay""",
    "1.7.1 gone for every decision at the end": "points_are_usable_until_their_end_and_not_at_it",
    "1.7.1 a sweep books it once": """
        a_sweep_books_what_has_ended_once
        a_sweep_repays_before_it_expires""",
    "1.7.1 always before a window is cut": """
        a_cut_books_what_ended_before_it_into_its_own_segment
        a_cut_books_the_holds_that_ended_before_it_into_its_own_segment
        breakage_belongs_to_the_segment_in_which_it_happened""",
    "1.7.3 extension": """
        an_extension_gives_points_a_later_end_in_a_lot_of_their_own
        an_extension_is_for_a_lot_that_lives_and_to_a_later_end""",
    "1.7.3 reinstatement": """
        expired_points_are_reinstated_whether_they_were_booked_or_not
        no_more_is_reinstated_than_has_expired""",
    "1.7.4 cash-out": "a_cash_out_takes_points_in_the_order_of_redemption",
    "1.8.1 a transfer keeps issuer, terms and end": """
        a_transfer_keeps_issuer_and_end_of_each_lot
        points_move_between_lanes_with_issuer_and_end
        a_move_that_stopped_after_its_first_step_is_finished""",
    "1.8.1 limits per calendar year": "a_member_gives_away_as_much_as_the_year_allows",
    "1.8.3 the survivor of a merge gets lots": """
        a_merge_takes_everything_pending_and_restricted_points_too
        a_merge_leaves_what_has_expired_behind""",
    "1.8.3 and arrears": "a_debt_that_comes_into_a_wallet_is_repaid_from_what_lies_there",
    "1.8.4 exchange": "a_lot_may_be_barred_from_exchange",
    "1.8.4 ratio, minimum, step, block bonus": """
        sixty_three_thousand_points_pass_and_sixty_two_thousand_do_not
        a_late_exchange_is_one_of_the_offer_of_its_time""",
    "1.8.4 day cap": """
        a_member_exchanges_as_much_as_a_day_allows
        a_late_exchange_counts_on_the_day_on_which_it_happened""",
    "1.8.4 name match": "the_name_must_match_where_the_offer_says_so",
    "1.8.4 for good if so agreed": "an_exchange_is_for_good_unless_its_offer_says_otherwise",
    "1.9.1 same key, same request: the same answer, no new row": """
        a_key_used_again_changes_nothing
        every_claim_repeats_its_answer_under_its_key
        an_answer_is_the_same_after_four_hundred_days""",
    "1.9.1 same key, other request: a conflict": "a_key_used_again_changes_nothing",
    "1.9.1 a refusal is stored under its key too": """
        a_refusal_is_kept_under_its_key
        every_refusal_of_a_claim_is_kept_under_its_key
        a_purchase_that_was_refused_stays_refused_under_its_key""",
    "1.9.2 scoped to the partner and the wallet": """
        two_partners_may_use_the_same_key
        keys_of_a_hold_and_of_a_redemption_are_of_one_scope""",
}


def test_every_story_that_a_sentence_names_is_told():
    found = {name for path in STORIES for name in names_in(path)}
    assert {name for told in TOLD.values() for name in told.split()} <= found


def test_there_are_at_least_eighty_stories():
    assert sum(len(names_in(path)) for path in STORIES) >= 80


def names_in(path: Path) -> list[str]:
    return re.findall(r"^async def test_(\w+)\(", path.read_text(), re.MULTILINE)
