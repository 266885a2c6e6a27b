#include "http/header_list.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/list_members.h"

namespace hawser::http {

void HeaderList::reserve(std::size_t fields, std::size_t bytes) {
  fields_.reserve(fields);
  text_.reserve(bytes);
}

void HeaderList::clear() noexcept {
  fields_.clear();
  text_.clear();
}

void HeaderList::add(std::string_view name, std::string_view value) {
  const auto offset = [this] { return static_cast<std::uint32_t>(text_.size()); };
  Field field{};
  field.name_offset = offset();
  field.name_size = static_cast<std::uint32_t>(name.size());
  text_.append(name);
  field.value_offset = offset();
  field.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(value);
  fields_.push_back(field);
}

void HeaderList::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

std::size_t HeaderList::remove(std::string_view name) {
  return std::erase_if(fields_, [&](const Field& field) { return equals_ignoring_case(name_of(field), name); });
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const noexcept {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(name_of(field), name)) return value_of(field);
  }
  return std::nullopt;
}

std::optional<std::string_view> HeaderList::find_only(std::string_view name) const noexcept {
  std::optional<std::string_view> found;
  for (const Field& field : fields_) {
    if (!equals_ignoring_case(name_of(field), name)) continue;
    if (found) return std::nullopt;
    found = value_of(field);
  }
  return found;
}

std::size_t HeaderList::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const Field& field) { return equals_ignoring_case(name_of(field), name); }));
}

bool HeaderList::has_token(std::string_view name, std::string_view token) const noexcept {
  for (const Field& field : fields_) {
    if (!equals_ignoring_case(name_of(field), name)) continue;
    for (auto rest = value_of(field); !rest.empty();) {
      if (equals_ignoring_case(take_list_member(rest), token)) return true;
    }
  }
  return false;
}

}  // namespace hawser::http
