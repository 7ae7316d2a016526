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
    further: tuple = ()  # (file, before, after) of other statements that belong to the mistake


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
    # --- the VFS ---
    Plant("posix_locks", "src/store/sqlite/vfs/locks.cpp",
          before="::fcntl(descriptor, F_OFD_SETLK, &lock)",
          after="::fcntl(descriptor, F_SETLK, &lock)", is_expression=True,
          caught_by="vfs traps"),
    Plant("descriptors_closed_at_once", "src/store/sqlite/vfs/handles.cpp",
          before="!handle->kept || !named",
          after="true", is_expression=True,
          caught_by="vfs traps/our_connections_come_and_go_beside_the_hosts_own"),
    Plant("descriptors_of_removed_files_kept", "src/store/sqlite/vfs/handles.cpp",
          before="sweep();",
          after="",
          caught_by="vfs descriptors"),
    Plant("low_descriptors", "src/store/descriptor.cpp",
          before="fill_standard();",
          after="", caught_by="vfs descriptors"),
    Plant("a_hosts_file_written_over", "src/store/sqlite/vfs/wal_file.cpp",
          before="count(registry().counters.passed);\n  if (!file.handle->is_ours()) return not_ours(SQLITE_IOERR_WRITE);",
          after="",
          caught_by="vfs descriptors/what_a_host_opened_in_their_place_is_left_alone"),
    Plant("mapped_through_what_locks", "src/store/sqlite/vfs/shared_memory.cpp",
          before="set_lock(self.shared_handle->descriptor, type, first_lock + offset, count)",
          after="set_lock(self.map->handle->descriptor, type, first_lock + offset, count)", is_expression=True,
          caught_by="vfs forked_vfs/a_parent_killed_in_its_transaction_leaves_no_lock_to_its_child"),
    Plant("no_discard", "src/store/sqlite/vfs/shared_memory.cpp",
          before="if (releases && writes && (self.exclusive & 1U) != 0 && self.wal != nullptr) discard_frames(*self.wal);",
          after="",
          caught_by="vfs collected_frames/what_was_rolled_back_is_never_written"),
    Plant("flush_at_the_barrier", "src/store/sqlite/vfs/wal_file.cpp",
          before="if (file.commits) return flush(file);",
          after="",
          further=(("src/store/sqlite/vfs/shared_memory.cpp",
                    "std::atomic_thread_fence(std::memory_order_seq_cst);",
                    "sqlite3_int64 size = 0; for (DatabaseFile* each = registry().databases; each != nullptr; each = each->next) "
                    "if (each->wal != nullptr) (void)each->wal->pMethods->xFileSize(each->wal, &size);"),),
          caught_by="vfs write_errors/a_commit_whose_frames_are_not_written_fails"),
    Plant("rewritten_headers_collected", "src/store/sqlite/vfs/wal_file.cpp",
          before="offset >= file.appended",
          after="true", is_expression=True,
          caught_by="vfs vfs_fuzz", counts={"TSE_SECONDS": 20}),
    Plant("the_writer_spills", "src/store/sqlite/database.cpp",
          before='writer.execute("PRAGMA cache_spill = OFF", "configure the connection");',
          after="",
          caught_by="vfs spilled_savepoints"),
    Plant("no_turn_without_ofd_locks", "src/store/sqlite/write_lock.cpp",
          before="if (errno == EINVAL) return true;",
          after="",
          caught_by="vfs_without_ofd"),
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
