"""Every address of the house: which methods it knows, which right each needs, and what it then answers.

An address that is not in the table fails the matrix by name.
"""

from dataclasses import dataclass, field

from accounts.permissions import Perm

NUMBERS, LEADS, WORK, CORRECT = Perm.SEE_NUMBERS, Perm.SEE_LEADS, Perm.WORK_LEADS, Perm.CORRECT_HISTORY
IMPORT, ADMIN, PLAN = Perm.IMPORT, Perm.ADMINISTER, Perm.PLAN_CAMPAIGNS
READS = ("GET", "HEAD")
METHODS = (*READS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EMPTY = {"name": ""}
OWNERS = frozenset({"administrator", "funnel_owner"})
MARKETERS = OWNERS | {"marketing_lead", "colleague"}  # and those who stand for both sides
STEERERS = OWNERS | {"member"}
SIGN_IN = "sign in"  # a redirect to the page where one does


@dataclass(frozen=True)
class Row:
    """By method: the right that it needs and what it answers to those who have it. What answers nothing is a 405.

    `on`: the kind of object in the address. `only`: who may, of those with the right, by a rule of the service.
    `own_or`: the right without which only one's own may be touched.
    """

    perms: dict[str, Perm]
    answers: dict[str, int | str]
    on: str = ""
    body: dict = field(default_factory=dict)
    only: frozenset[str] | None = None
    own_or: Perm | None = None
    act: str = ""


def look(perm, get=200, **more) -> Row:
    """A page to read."""
    return Row(dict.fromkeys(READS, perm), dict.fromkeys(READS, get), **more)


def form(perm, post=422, get=200, **more) -> Row:
    """A page with a form; an empty one is refused with 422 and the form again."""
    methods = (*READS, "POST")
    return Row(dict.fromkeys(methods, perm), dict.fromkeys(READS, get) | {"POST": post}, **more)


def act(perm, post=302, **more) -> Row:
    """A button."""
    return Row({"POST": perm}, {"POST": post}, **more)


def ask(perm, **more) -> Row:
    """An endpoint to read."""
    return Row(dict.fromkeys(METHODS, perm), dict.fromkeys((*READS, "OPTIONS"), 200), **more)


def rest(*, post=None, patch=None, **more) -> Row:
    """An endpoint to read and to write, with the right to work leads for the latter."""
    writes = {method: status for method, status in (("POST", post), ("PATCH", patch)) if status}
    perms = dict.fromkeys(METHODS, LEADS) | {"POST": WORK, "PATCH": WORK}
    return Row(perms, dict.fromkeys((*READS, "OPTIONS"), 200) | writes, **more)


def planned(*, reads=True, post=None, patch=None, **more) -> Row:
    """An endpoint of campaigns: everybody who sees numbers reads, those who plan write."""
    writes = {method: status for method, status in (("POST", post), ("PATCH", patch)) if status}
    perms = dict.fromkeys(METHODS, NUMBERS) | dict.fromkeys(writes, PLAN)
    return Row(perms, dict.fromkeys((*READS, "OPTIONS") if reads else ("OPTIONS",), 200) | writes, **more)


def take(post, **more) -> Row:
    """An endpoint that only takes."""
    return Row(dict.fromkeys(METHODS, LEADS) | {"POST": WORK}, {"OPTIONS": 200, "POST": post}, **more)


PAGES = {
    "dashboard": look(NUMBERS),
    "health": look(NUMBERS),
    "health_message_again": act(ADMIN, on="message"),
    "owner": look(NUMBERS),
    "explain": look(NUMBERS, on="metric"),
    "explain_csv": look(LEADS, on="metric"),
    "api-docs": look(NUMBERS),
    "leads": look(LEADS),
    "leads_filter": look(LEADS),
    "leads_csv": look(LEADS),
    "leads_view_save": act(LEADS),
    "leads_view_remove": act(LEADS, on="view"),
    "leads_bulk": form(WORK, act="move"),
    "lead_new": form(WORK),
    "lead": look(LEADS, on="lead"),
    "lead_edit": form(WORK, on="lead"),
    "lead_move": form(WORK, on="lead"),
    "lead_assign": form(WORK, 302, on="lead"),
    "lead_touch": form(WORK, on="lead"),
    "lead_note": form(WORK, on="lead"),
    "lead_step": form(WORK, on="lead"),
    "lead_merge": form(CORRECT, 404, on="lead"),
    "lead_unmerge": act(CORRECT, on="merged"),
    "lead_void": form(CORRECT, 302, on="lead"),
    "deal_new": form(WORK, on="lead"),
    "event_undo": act(WORK, on="lead_event", own_or=CORRECT),
    "touch_undo": act(WORK, on="touch", own_or=CORRECT),
    "step_done": act(WORK, on="step"),
    "deals": look(LEADS),
    "deal": look(LEADS, on="deal"),
    "deal_edit": form(WORK, on="deal"),
    "deal_step": form(WORK, on="deal"),
    "deal_touch": form(WORK, on="deal"),
    "deal_void": form(CORRECT, 302, on="deal"),
    "deal_act": form(WORK, 302, on="deal", act="win"),
    "deal_event_undo": act(CORRECT, on="deal_event"),
    "lead_tags": form(WORK, 302, on="lead"),
    "leads_job": look(WORK, on="bulk_job"),
    "leads_job_stop": act(WORK, on="bulk_job"),
    "my_day": look(WORK),
    "my_day_count": look(WORK),
    "my_day_done": act(WORK, on="task"),
    "my_day_mails": act(WORK),
    "my_day_seen": act(WORK),
    "my_day_call": act(WORK, on="lead"),
    "my_day_team": look(WORK, on="team", only=OWNERS | {"sales_lead", "member"}),
    "leads_queue": look(LEADS),
    "lead_take": act(WORK, on="lead"),
    "absences": form(WORK),
    "copies": look(WORK),
    "copies_renew": act(WORK),
    "copies_calendar": act(WORK, 422),
    "absence_end": act(WORK, on="absence", only=frozenset({"administrator", "sales_lead", "member"})),
    "card": look(NUMBERS, act="funnel"),
    "funnel_pair": look(NUMBERS),
    "two_counts": look(NUMBERS),
    "returns": look(NUMBERS),
    "return_models": look(NUMBERS),
    "return_fitted": look(NUMBERS),
    "return_deals": look(NUMBERS),
    "return_deals_csv": look(LEADS),
    "channel_return": look(NUMBERS, on="channel"),
    "campaign_return": look(NUMBERS, on="campaign"),
    "deal_credit": look(LEADS, on="deal"),
    "my_campaigns": look(WORK),
    "two_counts_csv": look(LEADS),
    "review_issues": look(NUMBERS),
    "review_issues_waiting": look(NUMBERS),
    "review_issue_new": form(NUMBERS, 422, 422),
    "review_issue_answer": act(Perm.ANSWER_ISSUES, 422, on="issue"),
    "review_home": look(NUMBERS),
    "review_series": look(Perm.SET_REVIEWS),
    "review_series_new": form(Perm.SET_REVIEWS),
    "review_series_edit": form(Perm.SET_REVIEWS, on="series"),
    "review_series_active": act(Perm.SET_REVIEWS, on="series"),
    "review_move": act(Perm.SET_REVIEWS, on="review"),
    "review_call_off": act(Perm.SET_REVIEWS, on="review"),
    "review_facilitator": act(Perm.SET_REVIEWS, on="review"),
    "review_numbers": look(NUMBERS, on="review"),
    "review_number": look(NUMBERS, on="frozen"),
    "review_change": look(NUMBERS, on="change"),
    "review_restated": look(NUMBERS, on="restatement"),
    "review": look(NUMBERS, on="review"),
    "review_wall": look(NUMBERS, on="review"),
    # The remote is the facilitator's, and of those who take turns or answer for the funnel.
    "review_steer": look(NUMBERS, on="review", only=STEERERS),
    "review_begin": act(NUMBERS, on="review", only=STEERERS),
    "review_act": act(NUMBERS, on="review", only=STEERERS),
    "review_told": look(NUMBERS, on="review"),
    "review_part": look(NUMBERS, on="review", act="checkin"),
    "review_here": act(NUMBERS, on="review"),
    "review_number_issue": act(NUMBERS, 404, on="review", only=STEERERS),
    "review_good_thing": act(NUMBERS, 422, on="review"),
    "review_card_new": form(NUMBERS, on="review"),
    "review_cards_show": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_card_take_up": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_vote": act(NUMBERS, 422, on="review"),
    "review_vote_open": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_vote_count": act(NUMBERS, 409, on="review", only=STEERERS),
    "review_ballot": form(NUMBERS, on="review", act="process"),
    "review_ballots": look(NUMBERS, on="review", act="process"),
    "review_word_ask": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_word_answer": act(NUMBERS, 422, on="review"),
    "review_word_count": act(NUMBERS, 409, on="review", only=STEERERS),
    "review_word_settle": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_expectation": act(NUMBERS, 422, on="review"),
    "review_expectation_mark": act(NUMBERS, 422, on="review"),
    "review_actions": look(NUMBERS),
    "review_action_new": form(WORK),
    "review_actions_mine": look(NUMBERS),
    "review_actions_overdue": look(NUMBERS),
    "review_action": look(NUMBERS, on="review_action"),
    "review_action_act": act(NUMBERS, on="review_action", act="done", body={"seen": 1}, only=STEERERS),
    "review_agree": act(WORK, 422, on="review"),
    "review_decide": act(NUMBERS, 422, on="review", only=STEERERS),
    "review_undecide": act(NUMBERS, on="review", only=STEERERS),
    "review_rate": act(NUMBERS, 422, on="review"),
    "review_close": act(NUMBERS, on="review", only=STEERERS),
    "review_minutes": look(NUMBERS, 302, on="review"),
    "review_minutes_md": look(NUMBERS, 404, on="review"),
    "review_minutes_csv": look(NUMBERS, 404, on="review"),
    "review_history": look(NUMBERS),
    "review_charter": look(NUMBERS),
    "review_charter_line": form(WORK, act="cadence", only=OWNERS),
    "review_ride_new": form(WORK),
    "review_ride_done": act(WORK, 422, on="ride", only=OWNERS | {"member", "colleague"}),
    "review_ride_off": act(WORK, on="ride", only=OWNERS | {"member", "colleague"}),
    "review_looked_into": look(NUMBERS),
    "review_issue_solved": act(NUMBERS, 404, on="review"),
    "review_words": look(NUMBERS),
    "review_word_examples": look(NUMBERS, on="word"),
    "review_stage_examples": look(NUMBERS, on="stage"),
    "judging": look(NUMBERS),
    "judging_draw": act(Perm.ANSWER_ISSUES, 422),
    "judging_judges": act(Perm.ANSWER_ISSUES, 422, on="sample"),
    "judging_close": act(Perm.ANSWER_ISSUES, on="sample"),
    "judging_sheet": form(WORK, on="sample", only=frozenset({"member", "colleague"})),
    "judging_settle": act(Perm.ANSWER_ISSUES, 422, on="sampled"),
    "leads_team": look(LEADS),
    "disputes": look(LEADS),
    "stage_examples": look(NUMBERS, on="stage"),
    # What makes no sense is refused before it is asked whose act it is.
    "handoff_accept": form(WORK, on="handoff", body={"version": "x"}),
    "handoff_decide": form(WORK, on="handoff", act="return"),
    "handoff_resubmit": form(WORK, on="handoff"),
    "handoff_contest": form(WORK, on="handoff"),
    "handoff_rule": form(WORK, on="handoff"),
    "handoff_feedback": form(WORK, on="handoff"),
    "handoff_read": act(WORK, on="handoff"),
    "handoff_pause": form(WORK, on="handoff"),
    "handoff_leave_out": form(WORK, on="handoff"),
    "handoff_answer": act(WORK, 404, on="handoff"),
    "companies": look(LEADS),
    "company": look(LEADS, on="company"),
    "search": look(LEADS),
}
CAMPAIGNS = {
    "campaigns": look(NUMBERS),
    "campaigns_calendar": look(NUMBERS),
    "campaign": look(NUMBERS, on="campaign"),
    "contents": look(NUMBERS),
    "spend": look(NUMBERS),
    "campaign_new": form(PLAN),
    "campaign_edit": form(PLAN, on="campaign"),
    "campaign_content": form(PLAN, on="campaign"),
    "campaign_content_out": act(PLAN, 404, on="campaign"),
    "content_new": form(PLAN, body=EMPTY),
    "content_edit": form(PLAN, on="content", body=EMPTY),
    "spend_new": form(PLAN),
    "spend_replace": form(PLAN, on="cost"),
    "spend_void": act(PLAN, on="cost"),
    "preview_ask": act(PLAN, on="campaign", only=MARKETERS),
    "preview_respond": act(PLAN, 422, on="campaign"),
    "preview_answer": form(PLAN, on="preview"),
    "content_requests": look(LEADS),
    "content_answer": form(WORK, on="content_request"),
    "content_use": act(WORK, on="content_request"),
    "lead_content": form(WORK, on="lead"),
    "deal_content": form(WORK, on="deal"),
}
CONSOLE = {
    "console": look(NUMBERS),
    "console_version": look(NUMBERS, on="version"),
    "console_agree": look(NUMBERS, on="version"),
    "console_sign": act(NUMBERS, on="version", body={"side": "sales"}, only=frozenset({"sales_lead"})),
    "console_start": act(NUMBERS, 422, on="version", body={"from_day": "2199-01-01"}, only=OWNERS),
    "console_compare": look(NUMBERS),
    "console_history": look(NUMBERS),
    "console_stages": look(NUMBERS),
    "console_criteria": look(NUMBERS),
    "entry_rule_effect": look(NUMBERS, on="stage"),
    "console_stage": look(NUMBERS, on="stage"),
    "console_used": look(NUMBERS, on="stage"),
    "console_rules": look(NUMBERS),
    "console_words": look(NUMBERS),
    "console_word": look(NUMBERS, on="word"),
    "console_margins": look(NUMBERS),
    "console_promises": look(NUMBERS),
    "console_promise_record": look(NUMBERS),
    "console_calendars": look(NUMBERS),
    "console_routing": look(NUMBERS),
    "console_routing_simulation": look(NUMBERS),
    "console_routing_new": form(Perm.SET_ROUTING),
    "console_routing_rule": form(Perm.SET_ROUTING, on="routing_rule"),
    "console_routing_move": act(Perm.SET_ROUTING, on="routing_rule"),
    "console_routing_remove": act(Perm.SET_ROUTING, on="routing_rule"),
    "console_routing_queue": act(Perm.SET_ROUTING, 422),
    "console_routing_switch": act(Perm.SET_ROUTING),
    "console_links": look(NUMBERS),
    "console_link_new": form(IMPORT),
    "console_links_anew": act(CORRECT),
    "console_link_remove": act(IMPORT, on="link_rule"),
    "console_filters": look(NUMBERS),
    "console_filter_add": act(CORRECT, 422),
    "console_filter_run": act(CORRECT),
    "console_filter_remove": act(CORRECT, on="filter_rule"),
    "console_targets": Row({"GET": NUMBERS, "HEAD": NUMBERS, "POST": ADMIN}, {"GET": 200, "HEAD": 200, "POST": 302}),
    "console_set_up": act(ADMIN),
    "console_draft": act(ADMIN),
    "console_note": act(ADMIN),
    "console_drop": act(ADMIN),
    "console_propose": act(ADMIN),
    "console_withdraw": act(ADMIN),
    "console_stage_new": form(ADMIN, body=EMPTY),
    "console_criteria_edit": form(ADMIN, on="stage"),
    "console_stage_edit": act(ADMIN, 422, on="stage"),
    "console_stage_move": act(ADMIN, on="stage"),
    "console_stage_remove": act(ADMIN, on="stage"),
    "console_reason_new": act(ADMIN, 422),
    "console_reason": act(ADMIN, on="reason"),
    "console_reason_remove": act(ADMIN, on="reason"),
    "console_moves": act(ADMIN, on="stage"),
    "console_word_new": form(ADMIN, body=EMPTY),
    "console_word_edit": act(ADMIN, 422, on="word"),
    "console_word_remove": act(ADMIN, on="word"),
    "console_promise": act(ADMIN, 422, on="promise_key", body={"days": "none"}),
    "console_promise_remove": act(ADMIN, on="promise"),
    "console_promise_values": act(ADMIN, 422),
    "console_promise_terms": act(ADMIN, 422),
    "console_promise_fill": act(ADMIN),
    "console_hours": act(ADMIN, 422),
    "console_hours_drop": act(ADMIN, on="hours"),
    "console_holidays": act(ADMIN, 422),
    "console_holiday_remove": act(ADMIN, on="holiday"),
    "console_margin_new": act(ADMIN, 422),
    "console_margin_remove": act(ADMIN, on="margin"),
    "console_organisation": form(ADMIN),
    "console_credit": form(ADMIN),
    "console_people": form(ADMIN),
    "console_person": form(ADMIN, on="person"),
    "console_person_switch": act(ADMIN, on="person"),
    "console_role_end": act(ADMIN, on="role"),
    "console_invite_revoke": act(ADMIN, on="invite"),
    "console_teams": form(ADMIN, body=EMPTY),
    "console_team_retire": act(ADMIN, on="team"),
    "console_tokens": form(ADMIN),
    "console_token_revoke": act(ADMIN, on="token"),
    "console_mail": form(ADMIN),
    "console_copies": form(ADMIN),
    "console_copies_secret": act(ADMIN),
    "console_capture": look(ADMIN),
    "console_capture_new": form(ADMIN),
    "console_capture_site": form(ADMIN, on="site"),
    "console_capture_switch": act(ADMIN, on="site"),
    "console_capture_seen": act(ADMIN, on="site"),
    "console_mail_remove": act(ADMIN),
    "console_mail_test": act(ADMIN),
}
GUIDE = {
    "start": look(ADMIN, 302),
    "start_step": form(ADMIN, on="guide", body=EMPTY),
    "start_mark": act(ADMIN, on="guide"),
    "start_away": act(ADMIN),
    "demo_wipe": act(ADMIN),
}
IMPORTS = {
    "import_doubles": form(IMPORT, 302, 302, on="job"),
    "import": form(IMPORT),
    "import_job": look(IMPORT, 302, on="job"),
    "import_file": form(IMPORT, on="job"),
    "import_columns": form(IMPORT, on="job"),
    "import_values": form(IMPORT, 302, 302, on="job"),
    "import_preview": form(IMPORT, 409, 302, on="job"),
    "import_result": look(IMPORT, 302, on="job"),
    "import_progress": look(IMPORT, 204, on="job"),
    "import_mapping": look(IMPORT, on="job"),
    "import_rejected": look(IMPORT, 404, on="job"),
    "import_stop": act(IMPORT, on="job"),
    "import_go_on": act(IMPORT, 409, on="job"),
    "import_undo": act(IMPORT, 409, on="job"),
    "import_discard": act(IMPORT, on="job"),
}
API = {
    "api_metrics": ask(NUMBERS),
    "api_metric": ask(NUMBERS, on="metric"),
    "api_metric_leads": ask(LEADS, on="metric"),
    "api-schema": ask(NUMBERS),
    "api-stages": ask(NUMBERS),
    "api-leads": rest(post=201),
    "api-lead": rest(patch=200, on="lead"),
    "api-lead-touches": rest(on="lead"),
    "api-deals": rest(post=201),
    "api-deal": rest(patch=200, on="deal"),
    "api-lead-contacts": take(422, on="lead"),
    "api-handoffs": ask(LEADS),
    "api-handoff": ask(LEADS, on="handoff"),
    "api-due-times": ask(LEADS),
    **{
        f"api-handoff-{step}": take(422, on="handoff")
        for step in ("decision", "contest", "ruling", "feedback", "pauses", "exclusions")
    },
    "api-handoff-resubmission": take(409, on="handoff", only=MARKETERS),
    "api-handoff-feedback-read": take(422, on="handoff", only=MARKETERS),
    "api-handoff-answer": take(404, on="handoff"),
    "api-routing": ask(NUMBERS),
    "api-lead-assignments": ask(LEADS, on="lead"),
    "api-campaigns": planned(post=422),
    "api-campaign": planned(patch=200, on="campaign"),
    "api-contents": planned(post=422),
    "api-content": planned(patch=200, on="content"),
    "api-spend": planned(post=422),
    "api-spend-line": planned(on="cost"),
    "api-spend-void": planned(reads=False, post=200, on="cost"),
    "api-touches": take(422),
    "api-touch-void": Row(dict.fromkeys(METHODS, LEADS) | {"POST": CORRECT}, {"OPTIONS": 200, "POST": 200}, on="touch"),
    "api-stage-changes": take(422),
}
# Open to everybody, signed in or not.
OPEN = {
    "sign_in": Row({}, dict.fromkeys((*READS, "POST", "OPTIONS"), 200)),
    "sign_out": Row({}, {"POST": SIGN_IN, "OPTIONS": 200}),
    "invite": Row({}, dict.fromkeys(READS, 200) | {"POST": 422}, on="secret", body=EMPTY),
    "first": Row({}, dict.fromkeys((*READS, "POST"), SIGN_IN)),  # only while there is no company
    "mail_door": Row({}, {"POST": 401}),  # it asks for a secret of its own
    "capture_script": Row({}, dict.fromkeys(READS, 200)),
    "capture_door": Row({}, {"POST": 403, "OPTIONS": 403}, on="site_key"),  # only pages of the site may post
    "healthz": Row({}, dict.fromkeys(READS, 503)),  # nothing but the web runs here
    "api/v1/": Row({}, dict.fromkeys(METHODS, 404)),  # what is not there
}
# Who has signed in needs no page to do so.
SIGNED_IN = {"sign_in": dict.fromkeys(METHODS, 302)}
TABLE = PAGES | CAMPAIGNS | CONSOLE | GUIDE | IMPORTS | API | OPEN
