#include "engine/model/decode.h"

namespace wavetank::model {
base::Diagnostics validate(const Object&, std::string_view) { return {}; }
}  // namespace wavetank::model
