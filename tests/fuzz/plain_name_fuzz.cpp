// Any bytes as a mangled name: what is shown fits, and is the symbol itself or a name of its own.
#include <thane/assert.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "diagnostics/plain_name.hpp"
#include "fuzz_target.hpp"

std::vector<std::string> fuzz_seeds() {
  return {"_ZN4shop5Stock3getEi",
          "_ZZN12_GLOBAL__N_15Stock5startEvENKUlT_E0_clIiEEDaS1_",
          "_ZN5boost4asio6detail16executor_op_baseINS1_4waitILi3EXadL_ZNS0_3runEvEEEEC2IJRKiS3_EEE"
          "T_DpOT0_.cold",
          "_ZNSt6vectorIN3fmt2v96detail5valueINS1_7contextEEESaIS5_EE12emplace_backIJS5_EEERS5_"
          "DpOT_",
          "_ZZ3fooIidJDpT0_EEvT_ENUt_C1ERKS1_",
          "_Z1fITnDaL_Z1gvEJXsrSt7is_sameIT_iE5valueELA4_KcEEDTcl1gfp_fL0p0_spT0_EEOT_",
          "_ZThn16_NK4shop5Stockcv8allocatorIS0_EB5cxx11Ev",
          "_ZN4shopssERKNS_5StockES2_",
          "_ZSt4moveIRFvPKcEENSt16remove_referenceIT_E4typeEOS5_",
          "_Z1hI1SXtlS0_Li3EEEEDvv",
          "_ZN1ANS_1BCI2NS_1CEEv"};
}

std::string fuzz_alphabet() {
  return "_ZNIEJXLSTDKRPOFCAMUQWVBGHdtlcvpnsabefghijkmoqruwxyz0123456789.";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const std::size_t room : {0, 5, 300}) {
    std::array<char, 301> out;
    out[room] = '#';
    const auto shown = thane::internal::plain_name(text, {out.data(), room});
    THANE_ASSERT(out[room] == '#');
    THANE_ASSERT(shown.data() == text.data() || shown.size() <= room);
    out[room] = '#';
    const auto type = thane::internal::plain_type_name(text, {out.data(), room});
    THANE_ASSERT(out[room] == '#');
    THANE_ASSERT(type.data() == text.data() || type.size() <= room);
  }
  return 0;
}
