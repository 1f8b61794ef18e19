#include "model/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.h"

namespace spotkeeper {
namespace {

constexpr std::array<std::string_view, 2> architectures = {"amd64", "arm64"};
constexpr std::array<std::string_view, 5> rates = {"<5%", "5-10%", "10-15%", "15-20%", ">20%"};

template <std::size_t N>
Result<std::size_t> parse_choice(const std::array<std::string_view, N>& choices, std::string_view text) {
  const auto place = std::find(choices.begin(), choices.end(), text);
  if (place != choices.end()) return static_cast<std::size_t>(place - choices.begin());
  return fail(ErrorCode::InvalidInput, fmt::format("{} is none of {}", quote(text), join(choices, ", ")));
}

/// A line while it is read. Counts of two columns belong to the name beside them, so both wait for the line's end.
struct Draft {
  InstanceType type;
  std::optional<std::int64_t> gpu_count, neuron_count, savings_percent;
  std::optional<InterruptionRate> rate;
};

using Store = Result<void> (*)(Draft&, std::string_view);

template <auto Member>
Result<void> store_text(Draft& draft, std::string_view text) {
  draft.type.*Member = std::string(text);
  return {};
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Result<void> store_count(Draft& draft, std::string_view text) {
  SK_TRY(draft.type.*Member, parse_int<std::int64_t>(text, Least, Most));
  return {};
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Result<void> store_later(Draft& draft, std::string_view text) {
  SK_TRY(draft.*Member, parse_int<std::int64_t>(text, Least, Most));
  return {};
}

template <auto Member>
Result<void> store_mib(Draft& draft, std::string_view text) {
  constexpr std::int64_t mib = 1 << 20;
  SK_TRY(const std::int64_t count, parse_int<std::int64_t>(text, 1, 1 << 30));
  draft.type.*Member = Bytes{count * mib};
  return {};
}

template <auto Member>
Result<void> store_accelerator(Draft& draft, std::string_view text) {
  draft.type.*Member = Accelerators{std::string(text), 0};
  return {};
}

Result<void> store_name(Draft& draft, std::string_view text) {
  const auto usual = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  const std::size_t dot = text.find('.');
  const bool two_parts = dot != std::string_view::npos && dot > 0 && dot + 1 < text.size();
  if (!two_parts || !std::all_of(text.begin(), text.end(), usual)) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is not a type's name such as m6g.2xlarge", quote(text)));
  }
  draft.type.name = InstanceTypeName(text);
  return {};
}

Result<void> store_architecture(Draft& draft, std::string_view text) {
  SK_TRY(const std::size_t index, parse_choice(architectures, text));
  draft.type.arch = static_cast<Architecture>(index);
  return {};
}

Result<void> store_allocatable_cpu(Draft& draft, std::string_view text) {
  SK_TRY(draft.type.allocatable_cpu.value, parse_int<std::int64_t>(text, 1, 1'000'000'000));
  return {};
}

Result<void> store_price(Draft& draft, std::string_view text) {
  SK_TRY(draft.type.on_demand, Money::parse(text));
  return {};
}

Result<void> store_rate(Draft& draft, std::string_view text) {
  SK_TRY(const std::size_t index, parse_choice(rates, text));
  draft.rate = static_cast<InterruptionRate>(index);
  return {};
}

struct Column {
  std::string_view name;
  bool required;  // the column, and a value in every line
  Store store;
};

using T = InstanceType;
constexpr std::int64_t million = 1'000'000;
constexpr Column columns[] = {
    {"instance_type", true, store_name},
    {"arch", true, store_architecture},
    {"cpu_manufacturer", false, store_text<&T::cpu_manufacturer>},
    {"hypervisor", false, store_text<&T::hypervisor>},
    {"vcpu", true, store_count<&T::vcpus, 1, million>},
    {"memory_mib", true, store_mib<&T::memory>},
    {"allocatable_cpu_millis", true, store_allocatable_cpu},
    {"allocatable_memory_mib", true, store_mib<&T::allocatable_memory>},
    {"max_pods", true, store_count<&T::max_pods, 1, million>},
    {"gpu_name", false, store_accelerator<&T::gpus>},
    {"gpu_count", false, store_later<&Draft::gpu_count, 0, million>},
    {"accelerator_name", false, store_accelerator<&T::neuron>},
    {"accelerator_count", false, store_later<&Draft::neuron_count, 0, million>},
    {"local_nvme_gb", false, store_count<&T::local_nvme_gb, 0, 1'000 * million>},
    {"network_mbps", false, store_count<&T::network_mbps, 0, 1'000 * million>},
    {"ebs_mbps", false, store_count<&T::ebs_mbps, 0, 1'000 * million>},
    {"on_demand_usd_per_hour", true, store_price},
    {"spot_savings_percent", false, store_later<&Draft::savings_percent, 0, 99>},
    {"interruption_rate", false, store_rate},
};

/// Puts the halves together that stand in two columns: both or neither.
Result<InstanceType> finish(Draft draft) {
  const auto halves = [](bool name, bool count, std::string_view what) -> Result<void> {
    if (name == count) return {};
    return fail(ErrorCode::InvalidInput, fmt::format("{} need each other: one of them is empty", what));
  };
  InstanceType& type = draft.type;
  SK_CHECK(halves(type.gpus.has_value(), draft.gpu_count.has_value(), "gpu_name and gpu_count"));
  SK_CHECK(halves(type.neuron.has_value(), draft.neuron_count.has_value(), "accelerator_name and accelerator_count"));
  SK_CHECK(
      halves(draft.savings_percent.has_value(), draft.rate.has_value(), "spot_savings_percent and interruption_rate"));
  if (type.gpus) type.gpus->count = *draft.gpu_count;
  if (type.neuron) type.neuron->count = *draft.neuron_count;
  if (draft.rate) type.spot = SpotFigures{*draft.savings_percent, *draft.rate};
  if (type.allocatable_memory > type.memory || type.allocatable_cpu.value > type.vcpus * 1000) {
    return fail(ErrorCode::InvalidInput, "more is allocatable than the type has");
  }
  return std::move(type);
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<void> take(std::string_view line) {
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) return {};
    if (const std::size_t at = line.find('"'); at != std::string_view::npos)
      return wrong(at, "", "quotes have no meaning here");
    return header_.empty() ? take_header(line) : take_type(line);
  }

  Result<std::vector<InstanceType>> finish() && {
    if (header_.empty())
      return fail(ErrorCode::InvalidInput, fmt::format("{}: there is no line with column names", file_));
    std::sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) {
      return std::tie(a.type.name, a.number) < std::tie(b.type.name, b.number);
    });
    std::vector<InstanceType> types;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (i > 0 && lines_[i].type.name == lines_[i - 1].type.name) {
        return fail(ErrorCode::InvalidInput,
                    fmt::format("{}:{}:1: {} stands in line {} already", file_, lines_[i].number,
                                lines_[i].type.name.str(), lines_[i - 1].number));
      }
    }
    types.reserve(lines_.size());
    for (Line& line : lines_) types.push_back(std::move(line.type));
    return types;
  }

 private:
  struct Line {
    std::size_t number;
    InstanceType type;
  };

  tl::unexpected<Error> wrong(std::size_t offset, std::string_view column, std::string_view why) const {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{}:{}:{}: {}{}{}", file_, line_, offset + 1, column, column.empty() ? "" : ": ", why));
  }

  Result<void> take_header(std::string_view line) {
    std::size_t offset = 0;
    for (const std::string_view name : split(line, ',')) {
      const auto column =
          std::find_if(std::begin(columns), std::end(columns), [&](const Column& c) { return c.name == name; });
      if (column == std::end(columns)) return wrong(offset, "", unknown_column(name));
      const bool twice = std::find(header_.begin(), header_.end(), column) != header_.end();
      if (twice) return wrong(offset, "", fmt::format("column {} stands here twice", name));
      header_.push_back(column);
      offset += name.size() + 1;
    }
    for (const Column& column : columns) {
      const bool missing = std::find(header_.begin(), header_.end(), &column) == header_.end();
      if (column.required && missing) return wrong(0, "", fmt::format("column {} is missing", column.name));
    }
    return {};
  }

  static std::string unknown_column(std::string_view name) {
    std::vector<std::string_view> names;
    names.reserve(std::size(columns));
    for (const Column& column : columns) names.push_back(column.name);
    return fmt::format("unknown column {}{}", quote(name), did_you_mean(name, names));
  }

  Result<void> take_type(std::string_view line) {
    const std::vector<std::string_view> fields = split(line, ',');
    if (fields.size() != header_.size()) {
      return wrong(0, "", fmt::format("{} fields, but {} columns", fields.size(), header_.size()));
    }
    Draft draft;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Column& column = *header_[i];
      const auto offset = static_cast<std::size_t>(fields[i].data() - line.data());
      if (fields[i].empty() && column.required) return wrong(offset, column.name, "is empty");
      if (fields[i].empty()) continue;
      if (const Result<void> stored = column.store(draft, fields[i]); !stored) {
        return wrong(offset, column.name, stored.error().message);
      }
    }
    Result<InstanceType> type = spotkeeper::finish(std::move(draft));
    if (!type) return wrong(0, "", type.error().message);
    lines_.push_back({line_, *std::move(type)});
    return {};
  }

  std::string_view file_;
  std::size_t line_ = 0;
  std::vector<const Column*> header_;
  std::vector<Line> lines_;
};

}  // namespace

std::string_view name_of(Architecture arch) { return architectures[static_cast<std::size_t>(arch)]; }

std::string_view name_of(InterruptionRate rate) { return rates[static_cast<std::size_t>(rate)]; }

std::string_view InstanceType::family() const {
  const std::string_view text = name.str();
  return text.substr(0, text.find('.'));
}

std::optional<Money> InstanceType::spot_price() const {
  if (!spot) return std::nullopt;
  return on_demand.percent(100 - spot->savings_percent);
}

Result<Catalog> Catalog::parse(std::string_view csv, std::string_view file) {
  Reader reader(file);
  for (const std::string_view line : split(csv, '\n')) SK_CHECK(reader.take(line));
  Catalog catalog;
  SK_TRY(catalog.types_, std::move(reader).finish());
  return catalog;
}

const InstanceType* Catalog::find(const InstanceTypeName& name) const {
  const auto place =
      std::lower_bound(types_.begin(), types_.end(), name,
                       [](const InstanceType& type, const InstanceTypeName& n) { return type.name < n; });
  return place != types_.end() && place->name == name ? &*place : nullptr;
}

}  // namespace spotkeeper
