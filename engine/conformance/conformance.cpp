#include "engine/conformance/conformance.h"

#include "engine/conformance/drivers.h"

namespace wavetank::conformance {

base::Result<Outcome> run_case(const Case& test_case, std::string_view explain_pod) {
  switch (test_case.format) {
    case Format::Decisions:
      return run_decisions(test_case, explain_pod);
    case Format::Sampling:
      return run_sampling(test_case, explain_pod);
    case Format::QueueHints:
      return run_queue_hints(test_case);
  }
  return base::failure("no such format");
}

}  // namespace wavetank::conformance
