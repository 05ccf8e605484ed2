#include "engine/conformance/conformance.h"

#include "engine/conformance/drivers.h"

namespace wavetank::conformance {

base::Result<Outcome> run_case(const Case& test_case) {
  switch (test_case.format) {
    case Format::Decisions:
      return run_decisions(test_case);
    case Format::Sampling:
      return run_sampling(test_case);
    case Format::QueueHints:
      return run_queue_hints(test_case);
  }
  return base::failure("no such format");
}

}  // namespace wavetank::conformance
