#pragma once
// One driver a format, each in its file. Inside the room only.

#include "engine/conformance/record.h"

namespace wavetank::conformance {

base::Result<Outcome> run_decisions(const Case& test_case, std::string_view explain_pod);
base::Result<Outcome> run_sampling(const Case& test_case, std::string_view explain_pod);
base::Result<Outcome> run_queue_hints(const Case& test_case);

}  // namespace wavetank::conformance
