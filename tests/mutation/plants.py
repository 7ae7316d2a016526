"""The negative controls: mistakes that somebody might make, and the harness that must find out each.

A plant puts `after` in the place of `before`, which must stand in its file exactly once. Both are statements, or both
are expressions (`is_expression`); which of them is run is chosen by TSE_PLANTED=<name>.
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plant:
    name: str
    file: str
    before: str
    after: str
    caught_by: str  # program and suite or case
    counts: dict = field(default_factory=dict)  # the harness's own, for a short slice
    is_expression: bool = False


PLANTS = [
    # --- durability ---
    Plant("synchronous_normal", "src/store/sqlite/connection.cpp",
          before='"PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = OFF;"\n'
                 '      "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON"',
          after='"PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = OFF;"\n'
                '"PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON"', is_expression=True,
          caught_by="fault power_cut/nothing_acknowledged_is_lost", counts={"TSE_POWER_CUTS": 1000}),
    Plant("acknowledged_before_the_flush", "src/store/sqlite/writer.cpp",
          before="database_.writer->flush_commits(flushed);",
          after="database_.writer->flush_commits(false);",
          caught_by="fault power_cut/nothing_acknowledged_is_lost", counts={"TSE_POWER_CUTS": 1000}),
    Plant("no_fence_at_opening", "src/store/sqlite/database.cpp",
          before="end_doubt(writer, database.lock);",
          after="",
          caught_by="unit_store store_open/each_opening_writes_a_fence"),
    Plant("goes_on_after_a_failed_flush", "src/store/sqlite/writer.cpp",
          before="error.outcome = Outcome::unknown;\n      poison(error);",
          after="error.outcome = Outcome::unknown;",
          caught_by="unit_store store_fault/a_failing_sync_at_commit_is_doubtful_and_final"),
    Plant("a_failed_flush_is_called_undone", "src/store/sqlite/writer.cpp",
          before="is_undone(primary)",
          after="true", is_expression=True,
          caught_by="fault io_error", counts={"TSE_IO_ERRORS": 1}),
    Plant("log_not_written_anew", "src/store/sqlite/doubt.cpp",
          before="if (in_doubt) write_log_anew(connection);",
          after="",
          caught_by="fault io_error", counts={"TSE_IO_ERRORS": 1}),
    # --- one writer at a time ---
    Plant("checkpoint_outside_the_write_lock", "src/store/sqlite/writer.cpp",
          before="run_transaction(group, patience);\n    if (!database_.memory) checkpoint_if_due();",
          after="run_transaction(group, patience);\n    database_.lock.unlock();\n"
                "    if (!database_.memory) checkpoint_if_due();\n    database_.lock.lock(patience, [] {});",
          caught_by="unit_store store_fault/a_checkpoint_is_made_under_the_write_lock"),
    Plant("no_turnstile", "src/store/sqlite/write_lock.cpp",
          before="wait([this] { return try_turnstile(); }, passed_);",
          after="",
          caught_by="unit_store store_locking"),
    Plant("no_undo_of_a_refused_change", "src/store/sqlite/writer.cpp",
          before="undo();\n    return Ran::refused;",
          after='Query(writer, "RELEASE change").run();\n    return Ran::refused;',
          caught_by="unit_store store_session"),
    Plant("no_version_compared", "src/store/sqlite/row_io.cpp",
          before='" AND version = " + parameter(column_count)',
          after='" AND version <> -" + parameter(column_count)', is_expression=True,
          caught_by="unit_store store_session/replace_compares_the_version"),
    # --- leases ---
    Plant("no_epoch_compared", "src/core/apply.cpp",
          before="is_current(row, *context.epoch)",
          after="true", is_expression=True,
          caught_by="fault lease_race", counts={"TSE_LEASE_RACES": 100}),
    Plant("no_generation_compared", "src/engine/lease.cpp",
          before="token->generation != store_->generation()",
          after="false", is_expression=True,
          caught_by="unit_engine claim/a_lease_of_another_file_is_lost_here"),
    Plant("no_clock_compared", "src/core/apply.cpp",
          before="row_.lease_clock == ended.clock",
          after="true", is_expression=True,
          caught_by="unit_core"),
    # --- clocks ---
    Plant("a_living_clock_is_not_seen", "src/engine/lease_judge.cpp",
          before="if (presence.living) return std::nullopt;",
          after="",
          caught_by="unit_engine foreign_clocks/a_living_lease_is_ended_by_no_observer"),
    Plant("a_masked_boot_id_is_the_kernels", "src/engine/lease_clock.cpp",
          before="system.f_type == PROC_SUPER_MAGIC",
          after="true", is_expression=True,
          caught_by="unit_engine foreign_clocks/the_clocks_name_says_what_can_be_told_of_the_boot"),
    Plant("absence_ends_a_lease_at_once", "src/engine/lease_judge.cpp",
          before="if (presence.absent_for < longest) return std::nullopt;",
          after="",
          caught_by="unit_engine foreign_clocks/it_ends_once_nobody_of_its_clock_was_there_for_as_long_as_the_longest_lasts"),
    Plant("a_visit_is_not_noticed", "src/store/sqlite/clock_slots.cpp",
          before="place->taken == taken",
          after="true", is_expression=True,
          caught_by="unit_store clock_slots/absence_is_measured_from_the_first_look_and_anew_when_somebody_was_there"),
    Plant("a_leap_is_not_noticed", "src/engine/wall_guard.cpp",
          before="distance - std::max(lowest, note(WallNote::accepted)) > hour",
          after="false", is_expression=True,
          caught_by="unit_engine wall_guard"),
    Plant("the_first_moment_may_be_past", "src/store/sqlite/runnable.cpp",
          before='"WHERE not_before IS NOT NULL AND status IN (\'pending\', \'running\') AND not_before > ?1 "',
          after='"WHERE not_before IS NOT NULL AND status IN (\'pending\', \'running\') AND not_before >= ?1 "',
          is_expression=True,
          caught_by="unit_store store_runnable/the_next_moments_are_those_after_now"),
    # --- answers that are kept ---
    Plant("kept_answers_outlive_a_change", "src/engine/answer_cache.cpp",
          before="for (const core::Key& key : news.moved) drop({key.zone_id, key.id});",
          after="",
          caught_by="fault coherence", counts={"TSE_COHERENT_READS": 100000}),
    Plant("an_answer_is_kept_although_it_moved", "src/engine/answer_cache.cpp",
          before="right_for_ != read_in",
          after="false", is_expression=True,
          caught_by="unit_engine answer_cache"),
    # --- the rest ---
    Plant("inherited_files_stay_open", "src/engine/fork_guard.cpp",
          before="for (Participant* each : all.inherited) each->abandon();",
          after="",
          caught_by="fault forked_processes/a_child_that_opens_anew_has_locks_of_its_own"),
    Plant("idempotency_key_not_looked_up", "src/engine/create.cpp",
          before="session.replay(spec.zone_id, *spec.idempotency_key)",
          after="std::optional<core::Replay>()", is_expression=True,
          caught_by="fault idempotent_creation", counts={"TSE_ROUNDS": 3}),
]
