#include "engine/event/codec.h"

#include "engine/base/assert.h"

namespace wavetank::event {

namespace {

struct TagVersion {
  std::uint64_t tag, version;
};
constexpr TagVersion kTags[] = {
#define WT_EVENT(tag, version, Name) {tag, version},
#include "engine/event/event_kinds.def"
#undef WT_EVENT
};

template <class T>
bool read_payload(base::Reader& body, std::uint64_t version, std::uint64_t current, Payload& out) {
  if (version != current) return false;  // no payload has a second version yet; lifting old ones belongs here
  out.emplace<T>().fields(body);
  return body.ok() && body.at_end();
}

}  // namespace

void encode(const Event& event, base::SimTime previous, std::vector<std::uint8_t>& out) {
  WT_ASSERT(event.time >= previous, "events go forward in time");
  WT_ASSERT(event.cause < event.seq, "a cause comes before its effect");
  // The length is not known before the body is written and nearly always fits one byte: leave one, move the body if it
  // does not.
  const std::size_t start = out.size();
  out.push_back(0);
  base::Writer writer(out);
  const TagVersion& head = kTags[static_cast<std::size_t>(event.kind())];
  writer.varint(head.tag);
  writer.varint(head.version);
  writer.varint(static_cast<std::uint64_t>((event.time - previous).ns));
  writer.varint(event.cause == 0 ? 0 : event.seq - event.cause);
  std::visit(
      [&writer](const auto& payload) {
        using T = std::decay_t<decltype(payload)>;
        if constexpr (!std::is_same_v<T, std::monostate>) writer(payload);
      },
      event.payload);
  std::size_t length = out.size() - start - 1;
  if (length < 0x80) {
    out[start] = static_cast<std::uint8_t>(length);
    return;
  }
  std::vector<std::uint8_t> prefix;
  base::Writer(prefix).varint(length);
  out[start] = prefix[0];
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(start) + 1, prefix.begin() + 1, prefix.end());
}

bool decode(base::Reader& reader, base::Seq seq, base::SimTime previous, Event& out) {
  const std::uint64_t length = reader.varint();
  if (!reader.ok() || length > reader.left()) {
    reader.fail();
    return false;
  }
  base::Reader body(reader.position(), length);
  reader.skip(length);
  const std::uint64_t tag = body.varint();
  const std::uint64_t version = body.varint();
  const std::uint64_t dt = body.varint();
  const std::uint64_t back = body.varint();
  bool good = body.ok() && back < seq && dt <= static_cast<std::uint64_t>(base::SimTime::never().ns - previous.ns);
  if (good) {
    out.seq = seq;
    out.time = previous + base::Duration{static_cast<std::int64_t>(dt)};
    out.cause = back == 0 ? 0 : seq - back;
    switch (tag) {
#define WT_EVENT(tag, version_now, Name)                                \
  case tag:                                                             \
    good = read_payload<Name>(body, version, version_now, out.payload); \
    break;
#include "engine/event/event_kinds.def"
#undef WT_EVENT
      default:
        good = false;
    }
  }
  if (!good) reader.fail();
  return good;
}

}  // namespace wavetank::event
