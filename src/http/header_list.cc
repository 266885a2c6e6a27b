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
  return std::erase_if(fields_, [&](const Field& field) {
    return equals_ignoring_case({text_.data() + field.name_offset, field.name_size}, name);
  });
}

Header HeaderList::at(std::size_t index) const noexcept {
  const Field& field = fields_[index];
  return {{text_.data() + field.name_offset, field.name_size}, {text_.data() + field.value_offset, field.value_size}};
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    if (const Header header = at(i); equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t HeaderList::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(fields_, [&](const Field& field) {
    return equals_ignoring_case({text_.data() + field.name_offset, field.name_size}, name);
  }));
}

bool HeaderList::has_token(std::string_view name, std::string_view token) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    const Header header = at(i);
    if (!equals_ignoring_case(header.name, name)) continue;
    for (auto rest = header.value; !rest.empty();) {
      if (equals_ignoring_case(take_list_member(rest), token)) return true;
    }
  }
  return false;
}

}  // namespace hawser::http
