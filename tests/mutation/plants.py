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
    Plant("no_generation_compared", "src/engine/change.cpp",
          before="generation != session.generation()",
          after="false", is_expression=True,
          caught_by="unit_engine claim/a_lease_of_another_file_is_lost_here"),
    # --- content that was replaced ---
    Plant("no_landmark_compared", "src/store/sqlite/lineage.cpp",
          before="digest_of(query, 0) == landmark.digest",
          after="true", is_expression=True,
          caught_by="unit_engine restore/a_kept_answer_is_not_given_when_the_new_events_have_overtaken_the_old"),
    Plant("own_commit_not_remembered", "src/store/sqlite/writer.cpp",
          before="database_.lineage.committed(group.before, newest);",
          after="",
          caught_by="unit_engine restore/the_housekeeper_writes_the_generation_and_leaves_the_telling_to_a_call"),
    Plant("no_mark_compared", "src/store/sqlite/writer.cpp",
          before="is_settled(writer, origin, group.mark)",
          after="true", is_expression=True,
          caught_by="unit_engine restore/another_engine_accepts_no_lease_that_it_never_saw"),
    Plant("no_mark_compared_at_opening", "src/store/sqlite/database.cpp",
          before="is_settled(writer, origin, database.lock.mark())",
          after="true", is_expression=True,
          caught_by="unit_engine restore/nor_does_one_that_opens_the_file_after"),
    Plant("news_of_another_content", "src/engine/answer_cache.cpp",
          before="news.complete && news.content == content_",
          after="news.complete", is_expression=True,
          caught_by="unit_engine restore"),
    Plant("told_every_time", "src/store/sqlite/lineage.cpp",
          before="std::exchange(untold_, false)",
          after="untold_", is_expression=True,
          caught_by="unit_engine restore"),
    # --- the identity of the files ---
    Plant("a_young_time_is_believed", "src/store/sqlite/identity.cpp",
          before="directory.changed_at + longer_than_a_tick <= wall",
          after="true", is_expression=True,
          caught_by="unit_store store_identity/what_happens_right_after_a_look_is_seen"),
    Plant("only_the_directory_and_the_database", "src/store/sqlite/identity.cpp",
          before="at < all_again_at_",
          after="true", is_expression=True,
          caught_by="unit_store store_identity/a_second_link_of_the_log_elsewhere_is_seen_within_a_second"),
    Plant("a_refused_look_is_a_finding", "src/store/sqlite/identity.cpp",
          before="return is_held ? Standing::same : Standing::unknown;",
          after="return is_held ? Standing::same : Standing::moved;",
          caught_by="unit_store store_identity/the_host_may_close_every_descriptor"),
    Plant("no_clock_compared", "src/core/apply.cpp",
          before="row_.lease_clock == ended.clock",
          after="true", is_expression=True,
          caught_by="unit_core"),
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
    Plant("inherited_files_stay_open", "src/store/sqlite/vfs/handles.cpp",
          before="if (each->is_ours()) ::close(each->descriptor);",
          after="",
          caught_by="fault forked_processes/a_child_has_none_of_the_files_open"),
    Plant("idempotency_key_not_looked_up", "src/engine/create.cpp",
          before="session.replay(spec.zone_id, *spec.idempotency_key)",
          after="std::optional<core::Replay>()", is_expression=True,
          caught_by="fault idempotent_creation", counts={"TSE_ROUNDS": 3}),
]
