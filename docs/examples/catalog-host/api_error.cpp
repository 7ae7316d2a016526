#include "api_error.hpp"

#include "values.hpp"

#include <boost/json.hpp>

namespace catalog {

taskstate::Answer error_answer(const Incoming& incoming, int status, std::string_view code, std::string_view message,
                               const std::vector<Fault>& faults) {
  boost::json::array details;
  for (const Fault& fault : faults)
    details.push_back({{"code", std::string(code)}, {"field", fault.field}, {"message", fault.message}});

  const bool named = incoming.client_request_id && is_uuid(*incoming.client_request_id);
  const std::string request_id = named ? *incoming.client_request_id : random_uuid();
  const boost::json::object body{
      {"code", std::string(code)}, {"details", details}, {"message", std::string(message)}, {"path", incoming.path},
      {"request_id", request_id},  {"status", status},   {"timestamp", now_text()}};
  taskstate::Answer answer{.status = status,
                           .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                           .body = boost::json::serialize(body)};
  if (named) answer.headers.push_back({"X-Client-Request-ID", request_id});
  return answer;
}

}  // namespace catalog
