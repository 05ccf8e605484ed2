#pragma once
// Reports that a node agent could not deliver, because its machine was cut off from the API server: they go out when it
// hears again.

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/base/codec.h"
#include "engine/command/command.h"

namespace wavetank::world {

struct Held {
  command::Command command;

  template <class A>
  void fields(A& a) {
    auto kind = static_cast<std::uint32_t>(command.payload.index());
    a(command.cause, kind);
    if constexpr (!std::is_same_v<A, base::Writer>) make<0>(kind);
    std::visit([&a](auto& payload) { put(a, payload); }, command.payload);
  }

 private:
  template <class T, class = void>
  struct HasFact : std::false_type {};
  template <class T>
  struct HasFact<T, std::void_t<decltype(std::declval<T&>().fact)>> : std::true_type {};

  template <class A, class T>
  static void put(A& a, T& payload) {
    if constexpr (std::is_same_v<T, command::ReportPodStopped>) {
      a(payload.pod);
    } else if constexpr (HasFact<T>::value) {
      a(payload.fact);
    }
  }
  template <std::size_t I>
  void make(std::uint32_t kind) {
    if constexpr (I < std::variant_size_v<command::Payload>) {
      if (kind == I) {
        command.payload.template emplace<I>();
      } else {
        make<I + 1>(kind);
      }
    }
  }
};

}  // namespace wavetank::world
