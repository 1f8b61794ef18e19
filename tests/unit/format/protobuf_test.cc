#include "format/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace spotkeeper::format {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ProtoType kPodList{"v1", "PodList"};

std::string bytes(std::string_view hex) { return hex_decode(hex).value(); }

TEST(ProtoReader, ReadsWhatTheWriterWrites) {
  const Instant at = Instant(1'700'000'000s) + Duration(123'456'789);
  std::string out;
  ProtoWriter writer(out);
  writer.text(1, "name");
  writer.int64(2, -5);
  writer.boolean(3, true);
  writer.float64(4, 0.25);
  writer.message(5, [](ProtoWriter& nested) { nested.message(1, [](ProtoWriter& inner) { inner.text(2, "deep"); }); });
  writer.time(6, at);
  writer.micro_time(7, at);
  writer.time(8, std::nullopt);
  writer.quantity(9, "100m");
  writer.int_or_string(10, ProtoIntOrString(5));
  writer.int_or_string(11, ProtoIntOrString(std::string_view("50%")));
  writer.string_entry(12, "k", "v");
  writer.quantity_entry(13, "cpu", "2");
  writer.micro_time(14, Instant(Duration(-1)));

  ProtoReader reader(out);
  while (reader.next()) switch (reader.field()) {
      case 1: EXPECT_EQ(reader.text(), "name"); break;
      case 2: EXPECT_EQ(reader.int32(), -5); break;
      case 3: EXPECT_TRUE(reader.boolean()); break;
      case 4: EXPECT_EQ(reader.float64(), 0.25); break;
      case 5:
        for (ProtoReader nested = reader.message(); nested.next();)
          for (ProtoReader inner = nested.message(); inner.next();) EXPECT_EQ(inner.text(), "deep");
        break;
      case 6: EXPECT_EQ(reader.time(), Instant(1'700'000'000s)); break;
      case 7: EXPECT_EQ(reader.time(), Instant(1'700'000'000s) + Duration(123'456'000)); break;
      case 8: EXPECT_EQ(reader.time(), std::nullopt); break;
      case 9: EXPECT_EQ(reader.quantity(), "100m"); break;
      case 10: EXPECT_EQ(reader.int_or_string(), ProtoIntOrString(5)); break;
      case 11: EXPECT_EQ(reader.int_or_string(), ProtoIntOrString(std::string_view("50%"))); break;
      case 12: EXPECT_EQ(reader.string_entry(), (std::pair<std::string_view, std::string_view>("k", "v"))); break;
      case 13: EXPECT_EQ(reader.quantity_entry(), (std::pair<std::string_view, std::string_view>("cpu", "2"))); break;
      case 14: EXPECT_EQ(reader.time(), Instant(Duration(-1000))); break;
      default: ADD_FAILURE() << reader.field();
    }
  EXPECT_TRUE(reader.status());
}

TEST(ProtoReader, SkipsWhatIsNotTaken) {
  const std::string message = bytes(
      "0801"
      "1203616263"
      "1d00000000"
      "210000000000000000"
      "2802");
  ProtoReader reader(message);
  std::vector<std::uint32_t> fields;
  while (reader.next()) fields.push_back(reader.field());
  EXPECT_THAT(fields, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(reader.status());
}

TEST(ProtoReader, AWrongTypeIsAnErrorAndEndsTheReading) {
  const std::string message = bytes(
      "0801"
      "1001"
      "1801");
  ProtoReader reader(message);
  ASSERT_TRUE(reader.next());
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.status().error().message, "protobuf: expected bytes in field 2 at byte 2");
}

TEST(ProtoReader, AnErrorInsideEndsEverythingAndNamesItsOffset) {
  const std::string message = bytes(
      "0a04"
      "0801"
      "1205"
      "1001");  // the inner field 2 claims five bytes
  ProtoReader reader(message);
  ASSERT_TRUE(reader.next());
  {
    ProtoReader nested = reader.message();
    EXPECT_TRUE(nested.next());
    EXPECT_TRUE(nested.next());
    EXPECT_EQ(nested.bytes(), "");
    EXPECT_FALSE(nested.next());
  }
  EXPECT_FALSE(reader.next());
  EXPECT_THAT(reader.status().error().message, HasSubstr("in field 2 at byte 4"));
}

TEST(ProtoReader, RefusesMalformedMessages) {
  for (const std::string_view hex :
       {"08", "0a05", "0b", "0f00", "00", "08ffffffffffffffffffff01", "0d0000", "ffffffffffffffffffffff"}) {
    const std::string message = bytes(hex);
    ProtoReader reader(message);
    while (reader.next()) {
    }
    EXPECT_FALSE(reader.status()) << hex;
  }
}

TEST(ProtoReader, RefusesTimesThatNoInstantHolds) {
  for (const std::int64_t seconds : {std::int64_t{9'300'000'000}, std::int64_t{-9'300'000'000}, INT64_MIN}) {
    std::string out;
    ProtoWriter(out).message(1, [&](ProtoWriter& parts) { parts.int64(1, seconds); });
    ProtoReader reader(out);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.time(), std::nullopt);
    EXPECT_FALSE(reader.status());
  }
}

TEST(ProtoReader, GosZeroTimeIsUnset) {
  std::string out;
  ProtoWriter(out).message(1, [](ProtoWriter& parts) { parts.int64(1, -62'135'596'800); });
  ProtoReader reader(out);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.time(), std::nullopt);
  EXPECT_TRUE(reader.status());
}

TEST(ProtoEnvelope, IsThatOfTheApiServer) {
  const std::string written = write_envelope({"v1", "Pod"}, "RAW");
  EXPECT_EQ(hex_encode(written),
            "6b387300"
            "0a09"
            "0a027631"
            "1203506f64"
            "1203524157"
            "1a00"
            "2200");
  const auto envelope = read_envelope(written).value();
  EXPECT_EQ(envelope.type, (ProtoType{"v1", "Pod"}));
  EXPECT_EQ(envelope.raw, "RAW");
}

TEST(ProtoEnvelope, RefusesOtherBeginningsAndEncodings) {
  EXPECT_THAT(read_envelope("{\"kind\":1}").error().message, HasSubstr("expected the envelope 'k8s'"));
  EXPECT_FALSE(read_envelope("k8s"));
  EXPECT_THAT(read_envelope(bytes("6b387300"
                                  "1a04677a6970"))
                  .error()
                  .message,
              HasSubstr("content encoding"));
}

struct Listed {
  std::string metadata;
  std::vector<std::string> items;
  std::string end;  // kind, or the error
};

Listed read_list(std::string_view body, std::size_t chunk, std::size_t longest = kLongestMessage) {
  Listed out;
  ProtoListReader reader(
      [&](std::string_view message) {
        out.metadata = message;
        return Result<void>();
      },
      [&](std::string_view message) {
        out.items.emplace_back(message);
        return Result<void>();
      },
      longest);
  for (std::size_t i = 0; i < body.size(); i += chunk)
    if (auto done = reader.feed(body.substr(i, chunk)); !done) {
      out.end = done.error().message;
      return out;
    }
  auto type = reader.finish();
  out.end = type ? type->kind : type.error().message;
  return out;
}

TEST(ProtoListReader, HandsOnTheItemsHoweverTheChunksAreCut) {
  const std::string body = write_list(kPodList, "META", {"first", "", std::string(300, 'x'), "last"});
  for (std::size_t chunk = 1; chunk <= body.size(); ++chunk) {
    const Listed out = read_list(body, chunk);
    EXPECT_EQ(out.metadata, "META");
    EXPECT_THAT(out.items, ElementsAre("first", "", std::string(300, 'x'), "last"));
    EXPECT_EQ(out.end, "PodList");
  }
}

TEST(ProtoListReader, SkipsFieldsItDoesNotKnow) {
  const std::string raw = bytes(
      "1801"
      "1a0161"
      "1d00000000"
      "210000000000000000"
      "1200"
      "3200");
  std::string body = write_envelope(kPodList, raw) + bytes(
                                                         "2801"
                                                         "3a0161"
                                                         "4500000000");
  for (std::size_t chunk = 1; chunk <= body.size(); ++chunk) {
    const Listed out = read_list(body, chunk);
    EXPECT_THAT(out.items, ElementsAre(""));
    EXPECT_EQ(out.end, "PodList");
  }
}

TEST(ProtoListReader, ACutListIsAnError) {
  const std::string body = write_list(kPodList, "META", {"first", "last"});
  const std::size_t envelope_end = body.size() - 4;  // the two empty fields behind the list may be missing
  for (std::size_t length = 0; length < envelope_end; ++length)
    EXPECT_THAT(read_list(body.substr(0, length), 7).end, HasSubstr("cut short")) << length;
}

TEST(ProtoListReader, SaysWhatIsWrong) {
  EXPECT_THAT(read_list("{\"items\":[]}", 3).end, HasSubstr("expected the envelope"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1202"
                              "120a"),
                        3)
                  .end,
              HasSubstr("runs over the list's end at byte 8"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1202"
                              "1001"),
                        3)
                  .end,
              HasSubstr("a field of the wrong type"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1201"
                              "80"),
                        3)
                  .end,
              HasSubstr("cut short"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1201"
                              "8000"),
                        3)
                  .end,
              HasSubstr("runs over the list's end"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1200"
                              "1200"),
                        3)
                  .end,
              HasSubstr("a second list"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "1b"),
                        3)
                  .end,
              HasSubstr("wrong type"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "2b"),
                        3)
                  .end,
              HasSubstr("unknown type"));
  EXPECT_THAT(read_list(bytes("6b387300"
                              "00"),
                        3)
                  .end,
              HasSubstr("invalid field number"));
  EXPECT_THAT(read_list(write_list(kPodList, "", {"12345"}), 3, 4).end, HasSubstr("more than 4 bytes"));
}

TEST(ProtoListReader, StopsWhereTheCallerStops) {
  ProtoListReader reader([](std::string_view) { return Result<void>(); },
                         [](std::string_view) -> Result<void> { return fail(ErrorCode::Cancelled, "enough"); });
  EXPECT_EQ(reader.feed(write_list(kPodList, "", {"a"})).error().code, ErrorCode::Cancelled);
  EXPECT_FALSE(reader.finish());
}

TEST(WatchEvents, AreCutFromTheStreamHoweverTheChunksAreCut) {
  const std::string object = write_envelope({"v1", "Pod"}, "RAW");
  const std::string frame = write_watch_frame("ADDED", object);
  EXPECT_EQ(hex_encode(frame.substr(0, 11)),
            "000000" + hex_encode(std::string(1, static_cast<char>(frame.size() - 4))) + "0a054144444544");
  const std::string stream = frame + std::string(4, '\0') + write_watch_frame("DELETED", object);
  for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    std::vector<std::string> seen;
    WatchFrameSplitter splitter([&](std::string_view each) -> Result<void> {
      SK_TRY(const auto event, read_watch_event(each));
      seen.push_back(std::string(event.type) + ":" + std::string(event.object));
      return {};
    });
    for (std::size_t i = 0; i < stream.size(); i += chunk)
      ASSERT_TRUE(splitter.feed(std::string_view(stream).substr(i, chunk)));
    EXPECT_TRUE(splitter.finish());
    EXPECT_THAT(seen, ElementsAre("ADDED:" + object, ":", "DELETED:" + object));
  }
}

TEST(WatchEvents, RefusesFramesThatAreTooLongOrCut) {
  WatchFrameSplitter splitter([](std::string_view) { return Result<void>(); }, 10);
  EXPECT_TRUE(splitter.feed(bytes("0000000a")));
  EXPECT_THAT(splitter.finish().error().message, HasSubstr("ends inside a frame at byte 0"));
  EXPECT_TRUE(splitter.feed("0123456789"));
  EXPECT_TRUE(splitter.finish());
  EXPECT_THAT(splitter.feed(bytes("0000000b")).error().message, HasSubstr("a frame of 11 bytes at byte 14"));
  EXPECT_FALSE(splitter.finish());
}

}  // namespace
}  // namespace spotkeeper::format
