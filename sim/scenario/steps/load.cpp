// load: how many requests a second clients send to a Service from now on.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

/// So that what is counted of it (project/traffic) stays far from the end of its integers.
constexpr std::int64_t kMostMilliRps = 100'000'000'000;

class Load final : public Step {
 public:
  Load(std::vector<Target> services, std::uint64_t milli_rps) : services_(std::move(services)), milli_rps_(milli_rps) {}
  [[nodiscard]] std::string text() const override { return fmt::format("load of {} {}/s", join(services_), rate()); }
  void run(StepContext& context) const override {
    for_targets(services_, context, "load", [&](event::Ref ref, const std::string& name) {
      context.control_plane.request(context.now, "scenario",
                                    fmt::format("load of {}: {} requests a second", name, rate()),
                                    command::SetLoad{{ref.as<event::ServiceId>(), milli_rps_}});
    });
  }

 private:
  [[nodiscard]] std::string rate() const {
    if (milli_rps_ % 1000 == 0) return std::to_string(milli_rps_ / 1000);
    return fmt::format("{}.{:03}", milli_rps_ / 1000, milli_rps_ % 1000);
  }
  std::vector<Target> services_;
  std::uint64_t milli_rps_;
};

}  // namespace

const Shape& load_shape() {
  static const Shape kShape = {
      "load",
      {{"service", Type::Texts, "Names of Services: frontend, shop/frontend (namespace shop).", true},
       {"rps", Type::Amount, "Requests a second; 0 ends it.", true}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_load(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<Target> services;
  for (const std::string& name : texts(doc, "service")) {
    const bool has_kind = name.starts_with("service/") || name.starts_with("svc/");
    if (auto target = read_target(has_kind ? name : "service/" + name, place(doc, "service"), path + ".service",
                                  {model::Kind::Service}, context)) {
      services.push_back(std::move(*target));
    }
  }
  const std::int64_t milli = amount(doc, "rps", true).value_or(0);
  if (milli > kMostMilliRps)
    context.problems.add(place(doc, "rps"),
                         fmt::format("{}.rps: at most {} requests a second", path, kMostMilliRps / 1000));
  return std::make_unique<Load>(std::move(services), static_cast<std::uint64_t>(milli));
}

}  // namespace wavetank::scenario
