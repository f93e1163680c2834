"""The wires: what each promise hangs on. `python -m tests.mutations` cuts them one by one."""

from __future__ import annotations

from tests.mutations.wires import Wire, wire

_ENGINE = "tests/engine"
_HTTP = "tests/providers/test_http.py"
_BOOKS = "tests/ledger/test_books.py"
_TIDY = "tests/app/test_tidy.py"
_CONSENT = "tests/app/test_consent.py"

NEVER_TWICE = (
    wire(
        "one live owner may buy a request",
        "ledger/claims.py",
        "    if held.alive or held.unknown:\n        return\n",
        "",
        "tests/ledger/test_claims.py::test_a_request_is_claimed_by_one_live_owner",
    ),
    wire(
        "what a dead process sent is for its own run to find",
        "ledger/claims.py",
        "    if held.sent and held.run != run and not event.harmless:\n        return\n",
        "",
        "tests/ledger/test_claims.py::test_what_a_dead_owner_had_sent_is_for_its_own_run_to_find",
    ),
    wire(
        "the intention is on disk before the first byte is sent",
        "engine/attempt.py",
        "        await parts.journal.record(submitting)\n",
        "        parts.journal.put(submitting)\n",
        f"{_ENGINE}/test_facts_first.py::test_the_money_is_held_and_the_intention_written_before_anything_is_sent",
    ),
    wire(
        "the acceptance is on disk before anything else is done",
        "engine/attempt.py",
        "        await parts.journal.record(accepted)\n",
        "        parts.journal.put(accepted)\n",
        f"{_ENGINE}/test_facts_first.py::test_an_acceptance_is_on_disk_before_anything_is_done_about_it",
    ),
    wire(
        "nobody can say: nothing is sent again",
        "engine/doubt.py",
        '    raise _unknown(f"{provider.name} may or may not have accepted this request, and cannot say")\n',
        "    return None\n",
        f"{_ENGINE}/test_doubt.py::test_ask_never_sends_again_however_often_the_run_is_resumed",
    ),
    wire(
        "an unknown outcome waits for a word",
        "engine/doubts.py",
        "        if self._desk.job.on_unknown is not OnUnknown.ASK:\n            return False\n",
        "        return False\n",
        f"{_ENGINE}/test_doubt.py::test_ask_holds_the_step_names_the_attempt_and_lets_the_rest_go_on",
    ),
    wire(
        "a provider that lists its jobs is asked",
        "engine/doubt.py",
        "    found = await _reconciled(order, provider, context, parts)\n",
        "    found: Absent | Found | Unknowable = Unknowable()\n",
        f"{_ENGINE}/test_doubt.py::test_asked_about_and_found_in_the_job_list_the_run_goes_on",
    ),
    wire(
        "a key that the provider forgets is not trusted any more",
        "engine/doubt.py",
        "    return sent <= now < sent + facts.remembers - _MARGIN\n",
        "    return True\n",
        f"{_ENGINE}/test_doubt.py::test_a_key_that_the_provider_has_forgotten_is_not_sent_again",
    ),
    wire(
        "the idempotency key of an attempt is the same after a crash",
        "engine/attempt.py",
        '    context = _context(order, open_.idempotency_key or "", parts)\n',
        '    context = _context(order, f"{open_.idempotency_key}-again", parts)\n',
        f"{_ENGINE}/test_kill.py::test_killed_between_a_purchase_and_its_answer",
    ),
    wire(
        "a time-out after the request was sent proves nothing",
        "engine/attempt.py",
        "    if order.phase is Phase.SUBMITTING and not harmless:\n",
        "    if False:\n",
        f"{_ENGINE}/test_doubt.py::test_a_time_out_before_the_answer_is_asked_about_and_never_sent_again",
    ),
    wire(
        "a broken connection after the first byte is an unknown outcome",
        "providers/http.py",
        "        except httpx.HTTPError as error:\n            return Unknown(_why(error))\n",
        "        except httpx.HTTPError as error:\n            return NotSent(_why(error))\n",
        f"{_HTTP}::test_a_request_that_may_have_arrived_is_unknown_and_never_sent_again",
    ),
    wire(
        "a paid request has a connection of its own",
        "providers/http.py",
        'self._client(pooled=False).stream(\n                    "POST"',
        'self._client(pooled=True).stream(\n                    "POST"',
        f"{_HTTP}::test_paid_requests_share_no_connection_even_with_one_that_stays_open",
    ),
    wire(
        "a 5xx to a paid request is believed to be nothing but unknown",
        "providers/errors.py",
        '    Row("5..", ErrorClass.UNKNOWN_OUTCOME, billed=True),\n',
        '    Row("5..", ErrorClass.TRANSIENT),\n',
        "tests/providers/test_errors.py::test_an_answer_means_its_class_and_what_it_costs",
    ),
    wire(
        "a refusal is never sent again unchanged",
        "engine/retry.py",
        "_AGAIN = frozenset({ErrorClass.TRANSIENT, ErrorClass.BAD_OUTPUT})",
        "_AGAIN = frozenset({ErrorClass.TRANSIENT, ErrorClass.BAD_OUTPUT, ErrorClass.CONTENT_POLICY})",
        f"{_ENGINE}/test_run.py::test_a_refusal_is_never_retried_unchanged",
    ),
    wire(
        "a re-roll is another question",
        "model/canonical.py",
        r'hashlib.sha256(b"%s\0%d\0%d" % (base.encode(), candidate, salt)).hexdigest())',
        r'hashlib.sha256(b"%s\0%d\0%d" % (base.encode(), candidate, 0)).hexdigest())',
        "tests/graph/test_identity.py::test_request_keys_differ_by_candidate_and_salt",
    ),
    wire(
        "a simulated result never answers a real request",
        "providers/remote.py",
        '        return f"sim:{endpoint}" if self.access.simulated else endpoint\n',
        "        return endpoint\n",
        "tests/providers/test_fal.py::test_the_version_is_the_endpoint_and_a_simulated_one_is_another",
    ),
)

NEVER_OVER = (
    wire(
        "every run is agreed to before it buys",
        "app/run.py",
        "    keep_consent(project, prepared, hooks.consent)\n",
        "",
        f"{_CONSENT}::test_where_nobody_is_there_what_may_cost_more_than_the_threshold_is_not_bought",
    ),
    wire(
        "where nobody is there nobody agrees",
        "app/consent.py",
        "    if answer is None:\n",
        "    if answer is None:\n        return\n    if answer is None:\n",
        f"{_CONSENT}::test_where_nobody_is_there_what_may_cost_more_than_the_threshold_is_not_bought",
    ),
    wire(
        "a no is a no",
        "app/consent.py",
        "    if not answer(spending):\n",
        "    if not answer(spending) and False:\n",
        f"{_CONSENT}::test_whoever_is_there_is_asked_once_and_their_word_counts",
    ),
    wire(
        "an unknown price is above every threshold",
        "app/consent.py",
        "    if most is not None and most <= above:\n",
        "    if most is None or most <= above:\n",
        f"{_CONSENT}::test_an_unknown_price_is_above_every_threshold",
    ),
    wire(
        "simulated money is in no sum with real money",
        "app/costs.py",
        "        ours = (record.options.sim is not None) == simulated\n",
        "        ours = True\n",
        "tests/app/test_costs.py::test_simulated_money_is_in_no_sum_with_real_money",
    ),
    wire(
        "an unknown amount stands beside the sum",
        "app/costs.py",
        "        self.unknown += hold.unpriced\n",
        "",
        "tests/app/test_costs.py::test_an_unknown_amount_is_beside_the_sum_and_no_zero",
    ),
    wire(
        "one line of an export is for one request",
        "app/usage.py",
        "        self.taken.add(pile.pop(number).attempt)\n",
        "        self.taken.add(pile[number].attempt)\n",
        "tests/app/test_usage.py::test_lines_without_an_id_of_ours_are_matched_one_to_one_by_model_amount_and_time",
    ),
    wire(
        "a command agrees to nothing by itself",
        "cli/driving.py",
        "    consent = given if yes else somebody()\n",
        "    consent = given\n",
        "tests/cli/test_consent.py::test_without_a_terminal_what_costs_more_is_refused_and_yes_allows_it",
    ),
    wire(
        "a ceiling refuses what does not fit",
        "ledger/accounts.py",
        "            if worst is None or account.held + account.spent + worst > most:\n",
        "            if worst is None:\n",
        f"{_ENGINE}/test_money.py::test_when_the_money_is_spent_the_rest_is_told_and_nothing_more_is_sent",
    ),
    wire(
        "what is held counts against a ceiling",
        "ledger/accounts.py",
        "            if worst is None or account.held + account.spent + worst > most:\n",
        "            if worst is None or account.spent + worst > most:\n",
        f"{_ENGINE}/test_money.py::test_a_unit_that_does_not_fit_waits_for_money_that_comes_back",
    ),
    wire(
        "an unknown price is refused under a ceiling",
        "ledger/accounts.py",
        "            if worst is None or account.held + account.spent + worst > most:\n",
        "            if worst is not None and account.held + account.spent + worst > most:\n",
        f"{_ENGINE}/test_money.py::test_a_price_that_nobody_knows_is_refused_under_a_ceiling",
    ),
    wire(
        "a failure that may have been charged gives nothing back",
        "ledger/books.py",
        "    return (Stand.ASSUMED if event.maybe_billed else Stand.FREED), ZERO\n",
        "    return Stand.FREED, ZERO\n",
        f"{_BOOKS}::test_what_happens_to_an_attempt_settles_its_hold",
    ),
    wire(
        "what was billed is spent, not the worst case",
        "ledger/books.py",
        "    return (Stand.UNTOLD, ZERO) if billed is None else (Stand.TOLD, billed)\n",
        "    return Stand.UNTOLD, ZERO\n",
        f"{_BOOKS}::test_what_happens_to_an_attempt_settles_its_hold",
    ),
    wire(
        "what a person says was paid is spent",
        "ledger/books.py",
        '"paid": Stand.UNTOLD',
        '"paid": Stand.LOST',
        f"{_BOOKS}::test_what_happens_to_an_attempt_settles_its_hold",
    ),
    wire(
        "a 429 uses up no try",
        "engine/units.py",
        "        unit.tries += error.kind is not ErrorClass.RATE_LIMIT\n",
        "        unit.tries += 1\n",
        f"{_ENGINE}/test_run.py::test_rate_limits_leave_all_tries_for_failures",
    ),
    wire(
        "nothing is sent before Retry-After",
        "engine/retry.py",
        "        return max(error.retry_after or 0.0, _backoff(min(tries, 6), policy, jitter_of))\n",
        "        return _backoff(min(tries, 6), policy, jitter_of)\n",
        f"{_ENGINE}/test_run.py::test_a_rate_limit_uses_up_no_try_and_nothing_is_sent_before_retry_after",
    ),
    wire(
        "an avatar is priced by what it speaks, not by its portrait",
        "cost/estimate.py",
        '        seconds = _seconds_of(voices or recipe.inputs.get("video", ()))\n',
        "",
        "tests/cost/test_estimate.py::test_an_avatar_is_as_long_as_its_voices_or_as_the_clip_that_it_follows",
    ),
)

NEVER_LOST = (
    wire(
        "where the outputs lie is on disk before they are fetched",
        "engine/keep.py",
        "        await parts.journal.record(done)\n",
        "        parts.journal.put(done)\n",
        f"{_ENGINE}/test_facts_first.py::test_where_the_outputs_lie_is_on_disk_before_they_are_fetched",
    ),
    wire(
        "a poll that fails is asked again",
        "engine/ask.py",
        "    if error.kind not in ASKED_AGAIN or error.maybe_billed:",
        "    if True:",
        f"{_ENGINE}/test_called_off.py::test_a_poll_that_fails_loses_no_job",
    ),
    wire(
        "a broken download is fetched again",
        "engine/keep.py",
        "            if error.kind not in ASKED_AGAIN or tries >= _TRIES:\n",
        "            if True:\n",
        f"{_ENGINE}/test_called_off.py::test_a_broken_download_is_fetched_again_and_never_bought_again",
    ),
    wire(
        "bytes are on disk before they have a name",
        "assets/local.py",
        "        os.fsync(self._handle)\n        _make_folder(final.parent.parent)\n",
        "        _make_folder(final.parent.parent)\n",
        "tests/assets/test_local.py::test_bytes_are_on_disk_before_their_name_and_the_name_before_the_answer",
    ),
    wire(
        "the name is on disk before the answer",
        "assets/local.py",
        "            _sync_folder(final.parent)\n        return digest",
        "            pass\n        return digest",
        "tests/assets/test_local.py::test_bytes_are_on_disk_before_their_name_and_the_name_before_the_answer",
    ),
    wire(
        "a blob is what its digest says",
        "assets/local.py",
        "        if found != digest:\n",
        "        if False:\n",
        "tests/assets/test_local.py::test_a_shortened_blob_is_found_damaged_and_healed_by_its_bytes",
    ),
    wire(
        "a durable fact is on disk when the writer says so",
        "ledger/writer.py",
        "        if any(event.durable for event in events):\n",
        "        if False:\n",
        "tests/ledger/test_crash.py::test_what_was_reported_durable_survives_kill_9",
    ),
    wire(
        "the ledger waits for the disk",
        "ledger/sqlite.py",
        '    "PRAGMA synchronous=FULL",\n',
        '    "PRAGMA synchronous=OFF",\n',
        "tests/ledger/test_open.py::test_a_commit_waits_for_the_disk",
    ),
)

NEVER_FOOLED = (
    wire(
        "a webhook is believed when its provider signed it",
        "providers/signing.py",
        "        except (self._invalid, ValueError):\n            return False\n",
        "        except (self._invalid, ValueError):\n            return True\n",
        "tests/providers/test_signing.py::test_another_key_another_body_and_another_job_are_refused",
    ),
    wire(
        "an old webhook is not believed again",
        "providers/signing.py",
        " and abs(time.time() - int(stamp)) <= SLACK",
        "",
        "tests/providers/test_signing.py::test_an_old_call_that_somebody_repeats_is_refused",
    ),
    wire(
        "a result is not fetched from a private address",
        "providers/http.py",
        "            if not named and not is_public(address):\n",
        "            if False:\n",
        f"{_HTTP}::test_a_result_is_never_fetched_from_this_machine_or_its_neighbours",
    ),
    wire(
        "the key goes to no address that an answer names",
        "providers/fal.py",
        "        return (there.scheme, there.netloc) == (here.scheme, here.netloc)\n",
        "        return True\n",
        "tests/providers/test_fal.py::test_an_acceptance_that_cannot_be_used_is_unknown_and_the_key_goes_nowhere_else",
    ),
    wire(
        "a key that a service repeats is not shown",
        "providers/errors.py",
        "        text = key.struck_from(text)\n",
        "        pass\n",
        "tests/providers/test_errors.py::test_what_a_service_says_is_shown_short_in_one_line_and_without_the_key",
    ),
    wire(
        "a file of keys that others can read is refused",
        "app/keyfile.py",
        "        if found.st_mode & _OTHERS:\n",
        "        if False:\n",
        "tests/app/test_keys.py::test_a_file_that_others_can_read_is_refused_with_what_to_do",
    ),
)

_AT = "tests/providers/test"

ADAPTERS = (
    wire(
        "elevenlabs: half a sound is none, and may be paid for",
        "providers/elevenlabs.py",
        "        if is_cut(answer.body):\n",
        "        if False:\n",
        f"{_AT}_elevenlabs.py::test_a_200_without_a_whole_sound_is_unknown_and_names_the_way_to_it",
    ),
    wire(
        "replicate: of two equal jobs neither is taken for a lost one",
        "providers/replicate.py",
        "        if len(free) != 1:\n",
        "        if not free:\n",
        f"{_AT}_replicate.py::test_where_the_list_is_not_certain_nobody_is_told_so",
    ),
    wire(
        "openai: the quality of a picture is never left to the service",
        "providers/openai/provider.py",
        '        ready.body.setdefault("quality", ',
        '        dict(ready.body).setdefault("quality", ',
        f"{_AT}_openai.py::test_an_edit_is_a_form_with_its_pictures_in_order",
    ),
    wire(
        "gemini: a film whose acceptance cannot be read may have been bought",
        "providers/gemini/provider.py",
        '            raise unknown("gemini accepted this, and its answer cannot be read")\n',
        '            raise RemoteError(ErrorClass.TRANSIENT, "gemini said nothing")\n',
        f"{_AT}_gemini_films.py::test_an_answer_without_an_id_that_is_one_is_an_unknown_outcome",
    ),
    wire(
        "texts: the longest answer is said, and so is the most that it costs",
        "providers/telling.py",
        "            body.setdefault(field, most)\n",
        "            pass\n",
        f"{_AT}_telling.py::test_the_longest_answer_is_always_said",
    ),
    wire(
        "luma: what a price depends on is not left to the service",
        "providers/luma.py",
        "        ready = super().put(self.with_defaults(recipe))\n",
        "        ready = super().put(recipe)\n",
        f"{_AT}_luma.py::test_every_kind_of_work_has_its_body",
    ),
    wire(
        "runway: a task that is done is not deleted with its result",
        "providers/runway.py",
        '            if isinstance(said, dict) and said.get("status") in _WAITING:\n',
        "            if isinstance(said, dict):\n",
        f"{_AT}_runway.py::test_a_task_that_is_done_is_not_deleted_by_cancelling_it",
    ),
    wire(
        "anthropic: an answer that was cut short is none",
        "providers/anthropic.py",
        '        if reason not in ("end_turn", "stop_sequence"):\n',
        '        if reason == "refusal":\n',
        f"{_AT}_anthropic_errors.py::test_a_200_without_a_whole_answer_is_no_success_and_was_paid_for",
    ),
    wire(
        "openai: a film whose acceptance cannot be read may have been bought",
        "providers/openai/provider.py",
        '            raise unknown("openai accepted this, and its answer cannot be read")\n',
        '            raise RemoteError(ErrorClass.TRANSIENT, "openai said nothing")\n',
        f"{_AT}_openai_films.py::test_an_answer_without_an_id_that_is_one_is_an_unknown_outcome",
    ),
    wire(
        "openai: the key of a gateway goes to that gateway and to nobody else",
        "providers/openai/provider.py",
        "        return self._headers(of_a_job=True) if own else {}\n",
        "        return self._headers(of_a_job=True)\n",
        f"{_AT}_openai_films.py::test_a_film_is_fetched_with_the_key_at_its_gateway_and_without_it_elsewhere",
    ),
    wire(
        "openrouter: a request that timed out may have been answered by its maker",
        "providers/openrouter.py",
        '    Row("408", ErrorClass.UNKNOWN_OUTCOME, billed=True),',
        "   ",
        f"{_AT}_openrouter_errors.py::test_an_answer_to_a_request",
    ),
    wire(
        "huggingface: half a picture is none, and may be paid for",
        "providers/huggingface.py",
        "    if is_cut(answer.body):\n",
        "    if False:\n",
        f"{_AT}_huggingface.py::test_a_picture_that_ends_early_is_unknown",
    ),
    wire(
        "comfyui: the id of a job is ours, so that it is found again",
        "providers/comfyui/provider.py",
        '"prompt_id": id_, "client_id": id_}',
        '"client_id": id_}',
        f"{_AT}_comfyui.py::test_a_submission_as_it_goes_over_the_wire",
    ),
    wire(
        "glabs: of two tasks neither is taken for a lost one",
        "providers/glabs.py",
        "        if len(found) != 1:\n",
        "        if not found:\n",
        f"{_AT}_glabs.py::test_of_two_lost_answers_neither_is_guessed",
    ),
    wire(
        "a request of very many tokens costs more from the first to the last",
        "cost/estimate.py",
        "    price = max(fitting, key=lambda one: one.above, default=None)\n",
        "    price = min(fitting, key=lambda one: one.above, default=None)\n",
        "tests/cost/test_estimate.py::test_a_request_of_many_tokens_costs_more_from_the_first_to_the_last",
    ),
)
"""Of each adapter the line that its promise about money hangs on."""

_LENT = "tests/app/test_similar.py"

BORROWED = (
    wire(
        "borrowed: a run that allows no loan does not see one",
        "graph/loan.py",
        "    return Loan(borrowed_key(asks, digests), asks, source, digests, results)\n",
        "    return Loan(asks, asks, source, digests, results)\n",
        f"{_LENT}::test_a_run_without_the_word_does_not_keep_what_was_borrowed",
    ),
    wire(
        "borrowed: what is taken is written down",
        "engine/cells.py",
        "                    desk.put(event)\n            self.finish(number, borrowed(",
        "                    event\n            self.finish(number, borrowed(",
        f"{_LENT}::test_what_is_borrowed_costs_nothing_and_is_a_fact",
    ),
    wire(
        "borrowed: a run that only borrows is a run all the same",
        "app/run.py",
        "    if prepared.setting.lender is not None and prepared.setting.lender.unwritten:\n",
        "    if False:\n",
        f"{_LENT}::test_what_is_borrowed_costs_nothing_and_is_a_fact",
    ),
    wire(
        "borrowed: what was asked otherwise in more than words is not lent",
        "app/asked_before.py",
        "        return self._alike.get(but_prompt(recipe), [])\n",
        "        return self.of(recipe)\n",
        f"{_LENT}::test_what_was_asked_otherwise_is_never_lent",
    ),
    wire(
        "borrowed: what is flagged is not lent",
        "app/asked_before.py",
        " and not one.verdict.flagged]",
        "]",
        f"{_LENT}::test_what_is_flagged_is_not_lent",
    ),
    wire(
        "borrowed: what is not in the store any more is not lent",
        "app/asked_before.py",
        "        self._known = Holdings(project.ledger, project.store)\n",
        "        self._known = project.ledger\n",
        f"{_LENT}::test_what_is_not_in_the_store_any_more_is_not_lent",
    ),
    wire(
        "borrowed: what a person turned down is not lent",
        "app/asked_before.py",
        "for digest, one in clean if digest not in down]",
        "for digest, one in clean]",
        f"{_LENT}::test_what_a_person_turned_down_is_not_lent",
    ),
    wire(
        "borrowed: asking again beats it",
        "app/similar.py",
        "        if self._grid.index[one.node] in self._again:\n",
        "        if False:\n",
        f"{_LENT}::test_asking_again_beats_borrowing",
    ),
    wire(
        "borrowed: a second look comes to no other answer",
        "app/similar.py",
        "        before = self._past.loans(one.base, one.recipe.plain())\n",
        "        before: list[Loan] = []\n",
        f"{_LENT}::test_a_second_run_and_a_resume_take_the_same_and_write_nothing_more",
    ),
)
"""What was made for other words is taken by the word of a person, and by nothing else."""

_DRAFT = "tests/app/test_profiles.py"

DRAFTS = (
    wire(
        "draft: it lies apart from the final",
        "app/export.py",
        ' / name / (record.options.profile or ""))',
        " / name)",
        f"{_DRAFT}::test_a_draft_lies_apart_and_says_what_it_is",
    ),
    wire(
        "draft: a graph that is filled in says so in its name",
        "app/generated.py",
        '    label = f"-{prepared.options.profile}" if prepared.options.profile is not None else ""\n',
        '    label = ""\n',
        f"{_DRAFT}::test_a_filled_in_graph_says_in_its_name_that_it_is_a_draft",
    ),
    wire(
        "draft: a resume means what the profile meant",
        "model/run.py",
        '        values["means"] = profile_of(raw.get("means"))\n',
        '        values["means"] = None\n',
        f"{_DRAFT}::test_a_resume_means_what_the_profile_meant",
    ),
    wire(
        "draft: it is never dearer",
        "app/profiles.py",
        "        return theirs is not None and (mine is None or mine > theirs)\n",
        "        return False\n",
        f"{_DRAFT}::test_a_draft_is_never_dearer_nor_of_an_unknown_price",
    ),
    wire(
        "draft: another model is another question",
        "app/profiles.py",
        "        other = node._replace(model=model.key)\n",
        "        other = node\n",
        f"{_DRAFT}::test_the_final_afterwards_makes_only_what_differs",
    ),
)
"""What was made to try things out is never taken for the final."""

_PYTHON = "tests/python"

PROGRAMS = (
    wire(
        "a program's budget is a ceiling",
        "app/scopes.py",
        '        found.append(Ceiling(_named(CLIENT, name, prepared), most, "the budget of this client"))\n',
        "        pass\n",
        f"{_PYTHON}/test_money.py::test_the_budget_of_a_client_is_one_for_all_its_calls_together",
    ),
    wire(
        "a program's calls count under one account",
        "app/scopes.py",
        "        by_whom = (*by_whom, _named(CLIENT, project.limit[0], prepared))\n",
        "        pass\n",
        f"{_PYTHON}/test_money.py::test_the_budget_of_a_client_is_one_for_all_its_calls_together",
    ),
    wire(
        "a program that said nothing does not agree to what is dear",
        "python/opened.py",
        "                consent = given if self.agreed(spending) else None\n",
        "                consent = given\n",
        f"{_PYTHON}/test_money.py::test_what_costs_more_than_the_threshold_is_refused_where_nobody_agreed",
    ),
    wire(
        "the suite's max_cost is a ceiling",
        "suite/managers.py",
        "            budget=max_cost,\n",
        "",
        f"{_PYTHON}/test_suite.py::test_max_cost_is_a_ceiling_on_everything",
    ),
    wire(
        "a cancelled call of a program stops its run in order",
        "python/calls.py",
        "        if self._begun:\n",
        "        if False:\n",
        f"{_PYTHON}/test_stopping.py::test_a_request_on_its_way_is_not_torn",
    ),
    wire(
        "whoever goes away waits until the run has stopped",
        "python/calls.py",
        "                self.leave()\n                left = True\n",
        "                left = True\n                break\n",
        f"{_PYTHON}/test_stopping.py::test_a_cancelled_call_is_gone_on_with_by_the_next_and_bought_once",
    ),
    wire(
        "a run leaves the connections of others alone",
        "app/drive.py",
        "            if not project.driven:",
        "            if True:",
        f"{_PYTHON}/test_stopping.py::test_connections_are_let_go_of_when_the_last_run_is_over",
    ),
    wire(
        "what a simulator charges is no part of what a program spent",
        "app/spent.py",
        "                if self._is_simulated(event.provider):\n",
        "                if False:\n",
        f"{_PYTHON}/test_money.py::test_what_a_simulator_charges_is_counted_apart",
    ),
    wire(
        "what a provider takes at once it takes of all runs together",
        "engine/desk.py",
        "            self.limits.share(account, self.parts.accounts.limit(account))\n",
        "",
        f"{_ENGINE}/test_together.py::test_a_provider_is_asked_no_more_at_once_by_many_runs_than_by_one",
    ),
    wire(
        "who hands a token back wakes who waits for it",
        "engine/limits.py",
        "            limit.used -= 1\n            limit.call_next()\n",
        "            limit.used -= 1\n",
        f"{_ENGINE}/test_together.py::test_whoever_is_called_and_wants_nothing_calls_the_next",
    ),
)
"""What holds for programs that ask for much at once."""

SIDE_BY_SIDE = (
    wire(
        "what is asked apart stands in the place of nothing",
        "graph/settle.py",
        "        if self.setting.apart and frame.node.id not in self.setting.as_ever:\n",
        "        if False:\n",
        f"{_ENGINE}/test_apart.py::test_under_each_name_everything_is_asked_once_and_what_stands_stays",
    ),
    wire(
        "a benchmark is agreed to as often as it runs",
        "app/benchmark.py",
        "            spending = spending_of(project, first, times=paid)\n",
        "            spending = spending_of(project, first)\n",
        "tests/app/test_benchmark.py::test_nobody_agreed_to_one_run_when_five_are_meant",
    ),
    wire(
        "all runs of a benchmark together stay below its budget",
        "app/benchmark.py",
        "budget=max(self._options.budget - self._gone, ZERO)",
        "budget=self._options.budget",
        "tests/app/test_benchmark.py::test_all_runs_together_stay_below_the_budget",
    ),
    wire(
        "what a benchmark costs at least is held against its budget before the first run",
        "app/benchmark.py",
        "            self._refuse_beyond_budget()\n",
        "",
        "tests/app/test_benchmark.py::test_what_five_runs_cost_at_least_is_held_against_the_budget_before_the_first",
    ),
    wire(
        "what a benchmark costs at least is held against the day's ceiling before the first run",
        "app/benchmark.py",
        'keep_ceilings(project, first, RunId(""), times=paid)',
        'keep_ceilings(project, first, RunId(""))',
        "tests/app/test_benchmark.py::test_and_against_the_ceilings_of_the_day_and_the_project",
    ),
    wire(
        "a comparison buys a flagged result once",
        "app/compare.py",
        "        attempts=1,",
        "        attempts=3,",
        "tests/app/test_compare.py::test_a_flagged_result_is_a_finding_and_not_bought_again",
    ),
    wire(
        "a comparison asks anew only when it is told to",
        "app/compare.py",
        "rerun=tuple(models) if wish.fresh else (),",
        "rerun=tuple(models),",
        "tests/app/test_compare.py::test_what_was_here_before_costs_nothing_and_keeps_its_time_and_its_price",
    ),
)
"""Of asking several models the same, and of running the same several times."""

_ALERTS = "tests/app/test_alerts.py"

WATCHED = (
    wire(
        "a command in somebody's project file is not called unless the environment agrees",
        "app/watching.py",
        "    command = alerts.command if alerts.may_call else ()\n",
        "    command = alerts.command\n",
        f"{_ALERTS}::test_a_command_gets_the_facts_if_the_environment_agrees",
    ),
    wire(
        "an alert goes to no address where clouds hand out keys",
        "app/alerts_calls.py",
        "        if hands_out_credentials(address) or (",
        "        if (",
        f"{_ALERTS}::test_an_address_where_clouds_hand_out_keys_is_never_asked",
    ),
    wire(
        "a run does not wait for whoever is called",
        "app/alerts_calls.py",
        "            _done, late = await asyncio.wait(self._under_way, timeout=GRACE)\n",
        "            _done, late = await asyncio.wait(self._under_way)\n",
        f"{_ALERTS}::test_a_command_that_hangs_or_fails_disturbs_nobody",
    ),
    wire(
        "a slow request says so once, whichever process waits for it",
        "app/alerts.py",
        "            if limit is not None and one.sent is not None and not one.slow:\n",
        "            if limit is not None and one.sent is not None:\n",
        f"{_ALERTS}::test_a_request_that_was_left_is_slow_in_the_process_that_finds_it",
    ),
    wire(
        "a budget that is nearly used is told of while there is time",
        "app/alerts_budget.py",
        "            if used >= NEARLY * ceiling.most:\n",
        "            if used > ceiling.most:\n",
        f"{_ALERTS}::test_a_budget_that_is_nearly_used_is_told_once_while_there_is_time",
    ),
    wire(
        "metrics are for this machine unless somebody says otherwise",
        "app/metrics.py",
        "    if not is_loopback(host) and not more:\n",
        "    if False:\n",
        "tests/app/test_metrics.py::test_only_this_machine_may_read_along_unless_somebody_says_so",
    ),
    wire(
        "what was simulated is spent in no metric",
        "app/metrics.py",
        "            if run.simulated:\n                continue\n",
        "",
        "tests/app/test_metrics.py::test_what_was_simulated_is_in_no_metric_of_the_ledger",
    ),
    wire(
        "a collector that is down holds nobody up",
        "app/traces_sent.py",
        "        _done, late = await asyncio.wait([over], timeout=GRACE)\n",
        "        _done, late = await asyncio.wait([over])\n",
        "tests/app/test_traces.py::test_a_collector_that_is_down_or_silent_costs_spans_and_no_run",
    ),
)
"""Of watching: what is told, to whom, and that nobody waits for it."""

DISKS = (
    wire(
        "what is approved is never collected",
        "app/tidy_kept.py",
        "        (Why.APPROVED, _with_what_follows(project, _approved(project, told.let_through))),\n",
        "",
        f"{_TIDY}::test_an_approved_picture_and_all_that_was_made_from_it_stay",
    ),
    wire(
        "what was made from approved bytes is never collected",
        "app/tidy_kept.py",
        "                found |= one.outputs\n",
        "                pass\n",
        f"{_TIDY}::test_an_approved_picture_and_all_that_was_made_from_it_stay",
    ),
    wire(
        "what a policy let through a gate is never collected",
        "app/tidy_kept.py",
        "    return approved | (let_through - rejected)\n",
        "    return approved\n",
        f"{_TIDY}::test_what_a_policy_let_through_a_gate_stays_until_a_person_rejects_it",
    ),
    wire(
        "what is pinned is never collected",
        "app/tidy_kept.py",
        "        (Why.PINNED, {one.digest for one in pins(project.ledger)}),\n",
        "",
        f"{_TIDY}::test_a_pinned_blob_stays_until_it_is_unpinned",
    ),
    wire(
        "what an exported folder links to is never collected",
        "app/tidy_kept.py",
        "        if found is None and blob.links > 1:\n",
        "        if False:\n",
        f"{_TIDY}::test_exported_files_keep_their_blobs_by_link_and_by_manifest",
    ),
    wire(
        "what an exported folder names is never collected",
        "app/tidy_kept.py",
        "        (Why.EXPORTED, set(_exported(project, records))),\n",
        "",
        f"{_TIDY}::test_exported_files_keep_their_blobs_by_link_and_by_manifest",
    ),
    wire(
        "what a workflow that is still there would use again is never collected",
        "app/tidy_kept.py",
        "        (Why.LIVE, told.live | again),\n",
        "",
        f"{_TIDY}::test_a_workflow_that_is_still_there_keeps_what_its_plan_would_use_again",
    ),
    wire(
        "of a workflow that cannot be planned everything stays",
        "app/tidy_live.py",
        "            unplanned.add(str(file))\n",
        "            pass\n",
        f"{_TIDY}::test_of_a_workflow_that_cannot_be_planned_all_that_its_runs_named_stays",
    ),
    wire(
        "what a run that is not over named is never collected",
        "app/tidy_kept.py",
        "            if not over:\n",
        "            if False:\n",
        f"{_TIDY}::test_a_run_that_is_not_over_keeps_all_that_it_named",
    ),
    wire(
        "what was just written is never collected",
        "app/tidy_kept.py",
        "        if found is None and blob.written > self.now - GRACE:\n",
        "        if False:\n",
        f"{_TIDY}::test_what_was_just_written_stays",
    ),
    wire(
        "nothing is collected under a process that works with the store",
        "app/tidy.py",
        "            alone.enter_context(project.store.alone())\n",
        "            pass\n",
        f"{_TIDY}::test_a_blob_that_another_process_has_seen_stays_as_long_as_it_lives",
    ),
    wire(
        "whoever opens a store has a share in it",
        "assets/lease.py",
        "        with suppress(OSError):\n            fcntl.flock(self._handle, fcntl.LOCK_SH)\n\n",
        "\n",
        f"{_TIDY}::test_collecting_beside_a_process_that_stores_and_uses_takes_nothing_from_under_it",
    ),
    wire(
        "what is collected can be brought back",
        "assets/local.py",
        "            self._place(digest).rename(target)\n",
        "            self._place(digest).unlink()\n",
        f"{_TIDY}::test_killed_in_the_middle_every_blob_is_in_the_store_or_in_the_trash",
    ),
    wire(
        "what was collected is kept for thirty days",
        "app/tidy.py",
        "trash.delete(before=now - KEPT_FOR)",
        "trash.delete(before=now)",
        f"{_TIDY}::test_what_was_collected_is_deleted_after_thirty_days_or_when_it_is_asked_for",
    ),
    wire(
        "room on the disks is looked at before anything is reserved",
        "app/run.py",
        "    keep_room(project, prepared)\n",
        "",
        "tests/app/test_disk.py::test_a_run_that_has_no_room_reserves_nothing_and_makes_no_run",
    ),
    wire(
        "nothing is begun on a disk that has filled up",
        "engine/units.py",
        "            desk.parts.stop.run_short(short)\n",
        "            pass\n",
        f"{_ENGINE}/test_room.py::test_nothing_new_is_begun_what_is_under_way_is_kept_and_a_resume_makes_the_rest",
    ),
    wire(
        "what is under way when a disk fills up is kept",
        "engine/parts.py",
        "        self.patient = not self.asked\n",
        "        self.patient = False\n",
        f"{_ENGINE}/test_room.py::test_nothing_new_is_begun_what_is_under_way_is_kept_and_a_resume_makes_the_rest",
    ),
    wire(
        "a changed bit is found",
        "app/verify.py",
        "        if not good:\n",
        "        if False:\n",
        "tests/app/test_verify.py::test_whichever_bit_of_whichever_blob_is_flipped_it_is_found_and_its_users_named",
    ),
    wire(
        "only an intact copy makes a blob whole",
        "app/verify_repair.py",
        "        if _is(copy, digest) and store.put(_pieces(copy))[0] == digest:\n",
        "        if store.put(_pieces(copy)):\n",
        "tests/app/test_verify.py::test_what_is_damaged_is_made_whole_from_an_intact_copy_and_never_from_another",
    ),
    wire(
        "an account that is not the sum of its requests is found",
        "ledger/audit.py",
        "        if told.get(scope, Account()) != summed.get(scope, Account())\n",
        "        if False\n",
        "tests/app/test_verify.py::test_an_account_that_is_not_the_sum_of_its_requests_is_named",
    ),
)
"""Of the disks: what lies on them stays as it is, and there is room for what comes."""

_BATCH = "tests/app/test_batch.py"

BATCHES = (
    wire(
        "a batch has one account for all its parts",
        "app/scopes.py",
        "        return (*own, scope(RUN, run), *whole, where,",
        "        return (*own, scope(RUN, run), where,",
        f"{_BATCH}::test_one_ceiling_holds_all_parts_and_all_calls_of_a_batch",
    ),
    wire(
        "the ceiling of a batch is no part's own",
        "app/scopes.py",
        "    whole = scope(RUN, run) if prepared.options.batch is None else _batch(prepared)\n",
        "    whole = scope(RUN, run)\n",
        f"{_BATCH}::test_what_the_file_says_of_a_run_bounds_the_whole_batch",
    ),
    wire(
        "all of a batch is agreed to before its first part",
        "app/batch.py",
        "            agree_to_all(self._project, prepared, rows, left, self._consent)\n",
        "",
        f"{_BATCH}::test_all_of_it_is_foretold_and_somebody_must_agree_to_all_of_it",
    ),
    wire(
        "nothing of a batch follows its canary without a word",
        "app/batch.py",
        "        return not self.held_back\n",
        "        return True\n",
        f"{_BATCH}::test_a_canary_comes_from_all_over_the_table_and_nothing_follows_without_a_word",
    ),
    wire(
        "a row of the canary is in no other part of a batch",
        "app/batch.py",
        "        taken = {one.row for one in canary}\n",
        "        taken: set[int] = set()\n",
        f"{_BATCH}::test_a_canary_comes_from_all_over_the_table_and_nothing_follows_without_a_word",
    ),
    wire(
        "a part of a batch that was stopped goes on as its own run",
        "app/batch_results.py",
        "None if record.state is RunState.INTERRUPTED else put_lines(",
        "put_lines(",
        f"{_BATCH}::test_ctrl_c_leaves_a_part_that_goes_on_as_the_same_run",
    ),
    wire(
        "of a batch the table is what it was when it was counted",
        "app/batch.py",
        "        self._seen.still()\n",
        "",
        f"{_BATCH}::test_a_table_that_is_changed_while_it_is_run_ends_the_batch",
    ),
    wire(
        "the moment of a batch is remembered for its later calls",
        "app/batch.py",
        "        project.ledger.memoize(_MEMO, {name: json.dumps(moment)})\n",
        "        pass\n",
        f"{_BATCH}::test_the_moment_of_a_batch_is_one_for_all_its_parts_and_calls",
    ),
    wire(
        "a row of a batch stops no group of another",
        "graph/rows.py",
        "        if at is not None:\n            found.add(name)\n",
        "",
        f"{_BATCH}::test_a_group_that_fails_fast_stops_in_its_own_row",
    ),
    wire(
        "what a part of a batch was made of is let go",
        "app/batch.py",
        "    gc.unfreeze()\n    gc.collect()\n",
        "    pass\n",
        f"{_BATCH}::test_between_two_parts_everything_of_the_old_one_is_let_go",
    ),
    wire(
        "the rows of a batch are nothing that gc may take",
        "app/tidy_kept.py",
        "record.options.rows or record.document}",
        "record.document}",
        f"{_BATCH}::test_what_rows_made_and_the_rows_themselves_are_needed_as_long_as_their_runs_are_known",
    ),
    wire(
        "what a row of a batch says in braces is words",
        "model/text.py",
        "            piece = values.get(part.name, part) if isinstance(part, Var) else part\n",
        "            piece = Var(values.get(part.name, part.name).strip('{}')) if isinstance(part, Var) else part\n",
        "tests/graph/test_rows.py::test_what_a_row_says_in_braces_is_words",
    ),
)
"""Of a table times a workflow."""

COPIES = (
    wire(
        "fan-out: a byte of a copy that nobody declared is found",
        "spec/fanout_proof.py",
        "        if was != now:\n",
        "        if False:\n",
        "tests/spec/test_fanout_proof.py::test_what_drifted_is_said_with_its_place",
    ),
    wire(
        "fan-out: a value is what was declared, a number the source's counted on",
        "spec/fanout_proof.py",
        "        if not _as_declared(change, was, now, told, name):\n",
        "        if False:\n",
        "tests/spec/test_fanout_proof.py::test_a_value_that_is_not_what_was_declared_is_found",
    ),
    wire(
        "fan-out: the old file's own text is proven, too",
        "spec/fanout_proof.py",
        "    found = list(_around(document, old, new, here, name))\n",
        "    found: list[Drift] = []\n",
        "tests/spec/test_fanout_proof.py::test_the_source_itself_and_what_stands_between_the_tabs_are_proven_too",
    ),
    wire(
        "fan-out: what is not proven is not written",
        "app/fanout_write.py",
        "            refuse(out, prove(Path(name).read_bytes()))\n",
        "            prove(Path(name).read_bytes())\n",
        "tests/cli/test_fanout.py::test_what_is_not_proven_is_not_written_and_nothing_is_left",
    ),
    wire(
        "fan-out: the command proves what it wrote",
        "app/fanout.py",
        "    for drift in drifts(document, fanned, data, name):\n",
        "    for drift in drifts(document, fanned, data, name)[:0]:\n",
        "tests/cli/test_fanout.py::test_a_writer_that_drifts_by_one_value_is_caught_by_the_command",
    ),
    wire(
        "fan-out: no file is written over",
        "app/fanout_write.py",
        "            os.link(name, out)  # as a rename, but never over a file that is there\n",
        "            Path(name).replace(out)\n",
        "tests/cli/test_fanout.py::test_no_file_is_ever_written_over",
    ),
    wire(
        "fan-out: a copy has none of the results that the source has saved",
        "spec/fanout_custom.py",
        "            yield _property(node, name, What.SAVED, empty)\n",
        "            pass\n",
        "tests/spec/test_fanout.py::test_a_copy_begins_without_the_results_that_the_source_has_saved",
    ),
    wire(
        "fan-out: an avatar that is not clear is nobody's",
        "spec/fanout_custom.py",
        '    if len({node.props["imageData"] for node in holds}) > 1 or not holds:\n',
        "    if not holds:\n",
        "tests/spec/test_fanout.py::test_an_avatar_that_is_not_clear_is_an_error_that_names_what_it_could_be",
    ),
    wire(
        "diff: what follows from another question is another question",
        "graph/asks.py",
        '    made = tuple(_artifact(f"{question.base} {panel}", kind) for panel in range(cell.panel + 1))\n',
        '    made = tuple(_artifact(f"{panel}", kind) for panel in range(cell.panel + 1))\n',
        "tests/graph/test_asks.py::test_another_question_is_another_one_for_all_that_follows",
    ),
)
"""Of a tab that is copied for other accounts, and of what a difference means."""

WIRES: tuple[Wire, ...] = (
    *NEVER_TWICE,
    *NEVER_OVER,
    *NEVER_LOST,
    *NEVER_FOOLED,
    *ADAPTERS,
    *BORROWED,
    *DRAFTS,
    *PROGRAMS,
    *SIDE_BY_SIDE,
    *WATCHED,
    *DISKS,
    *COPIES,
    *BATCHES,
)
"""All of them."""
