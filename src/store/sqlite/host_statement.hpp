// Statements of the host's own inside of our transactions, and the authorizer that keeps them to the host's tables.
#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>

namespace tse::store::sqlite {

/// Once, when a connection that writes is opened: setting an authorizer makes SQLite prepare every statement anew.
/// While a host's statement runs, an allow-list holds; at other times, triggers of others on our tables are refused.
void install_authorizer(Connection& connection);

/// As Session::run(). The authorizer is installed.
void run_host_statement(Connection& connection, const Statement& statement, const core::Key& key, std::int64_t now,
                        const Patience& patience);

}  // namespace tse::store::sqlite
