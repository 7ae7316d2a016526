// The fields of a task.
#pragma once

#include <array>
#include <string_view>

namespace taskstate::contract {

struct Field {
  enum class Type { text, bytes, time, integer, flag, status, list };
  enum class Presence { always, when_given, when_failed, when_asked_for };
  std::string_view name;
  Type type;
  Presence presence;
};

/// The wire form, in its order.
inline constexpr std::array wire_fields{Field{"id", Field::Type::text, Field::Presence::always},
                                        Field{"created_at", Field::Type::time, Field::Presence::always},
                                        Field{"operation", Field::Type::text, Field::Presence::always},
                                        Field{"status", Field::Type::status, Field::Presence::always},
                                        Field{"updated_at", Field::Type::time, Field::Presence::always},
                                        Field{"error_message", Field::Type::text, Field::Presence::when_failed},
                                        Field{"install_id", Field::Type::text, Field::Presence::when_given},
                                        Field{"links", Field::Type::list, Field::Presence::when_given},
                                        Field{"package_id", Field::Type::text, Field::Presence::when_given},
                                        Field{"package_slug", Field::Type::text, Field::Presence::when_given},
                                        Field{"package_version", Field::Type::integer, Field::Presence::when_given},
                                        Field{"warnings", Field::Type::list, Field::Presence::when_given}};

/// What every language shows of a task beside its wire form.
inline constexpr std::array hidden_fields{Field{"zone_id", Field::Type::text, Field::Presence::always},
                                          Field{"revision", Field::Type::integer, Field::Presence::always},
                                          Field{"error_detail", Field::Type::text, Field::Presence::when_given},
                                          Field{"failure_kind", Field::Type::text, Field::Presence::when_failed},
                                          Field{"client_request_id", Field::Type::text, Field::Presence::when_given},
                                          Field{"traceparent", Field::Type::text, Field::Presence::when_given},
                                          Field{"payload", Field::Type::bytes, Field::Presence::when_asked_for},
                                          Field{"worker", Field::Type::text, Field::Presence::when_given},
                                          Field{"epoch", Field::Type::integer, Field::Presence::always},
                                          Field{"attempt", Field::Type::integer, Field::Presence::always},
                                          Field{"max_attempts", Field::Type::integer, Field::Presence::always},
                                          Field{"not_before", Field::Type::time, Field::Presence::when_given},
                                          Field{"start_by", Field::Type::time, Field::Presence::when_given},
                                          Field{"priority", Field::Type::integer, Field::Presence::always},
                                          Field{"ref", Field::Type::text, Field::Presence::when_given},
                                          Field{"result_media_type", Field::Type::text, Field::Presence::when_given},
                                          Field{"cancel_requested", Field::Type::flag, Field::Presence::always},
                                          Field{"replayed", Field::Type::flag, Field::Presence::always}};

}  // namespace taskstate::contract
