/* SPDX-License-Identifier: Apache-2.0 */
/* hb_num_parse against the C library's strtod, which glibc rounds correctly, bit for bit.
 *
 * HB_NUM_RANDOM=100000000 makes the seeded run longer (the test labelled slow does). */
#include "support/check.h"

#include "base/num.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void check(const char *text)
{
    double got = 0;
    double want = strtod_l(text, NULL, c_locale);
    hb_num_kind kind = hb_num_parse(text, strlen(text), &got);
    hb_num_kind wanted = isinf(want) ? HB_NUM_INF : HB_NUM_FINITE;
    if (kind != wanted || memcmp(&got, &want, sizeof got) != 0) {
        fail_msg("'%s' gave %a, strtod gives %a", text, got, want);
    }
}

static uint64_t random_u64(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static double random_double(uint64_t *state)
{
    for (;;) {
        uint64_t bits = random_u64(state);
        double v = 0;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v)) {
            return v;
        }
    }
}

/* 1 to 40 digits, a point anywhere or nowhere, an exponent or none, a sign or none. */
static void random_digits(uint64_t *state, char *out)
{
    uint64_t r = random_u64(state);
    size_t digits = 1 + r % (r & 1 << 20 ? 40 : 20);
    size_t point = (r >> 8) % (digits * 2);
    if (r & 1 << 21) {
        *out++ = r & 1 << 22 ? '-' : '+';
    }
    for (size_t i = 0; i < digits; i++) {
        if (i == point) {
            *out++ = '.';
        }
        *out++ = (char)('0' + random_u64(state) % 10);
    }
    *out = '\0';
    if (r & 1 << 23) {
        snprintf(out, 8, "%c%d", r & 1 << 24 ? 'e' : 'E', (int)((r >> 32) % 720) - 370);
    }
}

/* What instruments write: few digits, a point. */
static void lab_digits(uint64_t *state, char *out)
{
    uint64_t r = random_u64(state);
    int places = (int)(r % 7);
    double v = (double)(int64_t)(r >> 20) / 0x1p43 * (r & 128 ? 1000 : 10);
    snprintf(out, 64, "%.*f", places, r & 64 ? v : -v);
}

static void printed_double(uint64_t *state, char *out)
{
    double v = random_double(state);
    snprintf(out, 64, "%.*e", (int)(random_u64(state) % 22), v);
}

/* The middle between two doubles, cut or filled up to a number of digits: long double holds it. */
static void middle(uint64_t *state, char *out, size_t size)
{
    uint64_t r = random_u64(state);
    double v = fabs(random_double(state));
    if (r & 1) { /* where ties land on few digits */
        v = ldexp((double)(random_u64(state) >> 11), (int)(r >> 8) % 130 - 65);
    }
    double next = nextafter(v, INFINITY);
    long double mid = isinf(next) ? (long double)DBL_MAX : ((long double)v + next) / 2;
    static const int digits[] = {17, 18, 19, 20, 21, 25, 40, 120, 770};
    int n = snprintf(out, size, "%.*Le", digits[(r >> 16) % 9], mid);
    char *e = memchr(out, 'e', (size_t)n);
    if (r & 2 && e && e[-1] > '0' && e[-1] <= '9') {
        e[-1]--; /* just below */
    } else if (r & 4 && e && e[-1] < '9' && e[-1] >= '0') {
        e[-1]++; /* just above */
    }
}

static void num_parse__agrees_with_strtod_on_random_texts(void **state)
{
    (void)state;
    const char *asked = getenv("HB_NUM_RANDOM");
    int64_t n = 1000000;
    if (asked) {
        assert_true(hb_num_parse_i64(asked, strlen(asked), &n));
    }
    uint64_t seed = 88172645463325252u;
    char text[1024];
    for (int64_t i = 0; i < n; i++) {
        switch (i & 7) {
        case 0:
            printed_double(&seed, text);
            break;
        case 1:
            lab_digits(&seed, text);
            break;
        case 2:
            middle(&seed, text, sizeof text);
            break;
        default:
            random_digits(&seed, text);
        }
        check(text);
    }
}

/* Each with every power of ten that matters. */
static void num_parse__agrees_with_strtod_at_all_exponents(void **state)
{
    (void)state;
    static const char *const mantissas[] = {
        "1",
        "9",
        "5",
        "9007199254740991",
        "9007199254740993",
        "9007199254740995",
        "18446744073709551615",
        "9999999999999999999",
        "1000000000000000000",
        "12345678901234567890123",
        "4503599627370497.5",
        "0.00000000000000000000000000000000000000001234567890123456789",
        "2."
        "225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523"
        "90"
        "813508791414915891303962110687008643869459464552765720740782062174337998814106326732925355"
        "2286"
        "881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548"
        "2890"
        "1719615815",
    };
    char text[512];
    for (size_t i = 0; i < sizeof mantissas / sizeof *mantissas; i++) {
        for (int e = -400; e <= 400; e++) {
            snprintf(text, sizeof text, "%se%d", mantissas[i], e);
            check(text);
        }
    }
}

/* Steele and White, Clinger, Gay (1990, 1991), Paxson and Kahan (1991, tables 3 and 4: the hardest
 * for 17 and for 19 digits), the numbers that hung PHP and Java, borders of the format, and issues
 * of glibc, gcc and V8. */
static void num_parse__agrees_with_strtod_on_the_published_hard_cases(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "1e23",
        "8.5e22",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740992.5",
        "9007199254740993.0000000000000000000000000000000000000001",
        "9007199254740992.99999999999999999999999999999999999999999",
        "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1.50000000000000011102230246251565",
        "9007199254740991.4999999999999999999999999999999995",
        "30078505129381147446200",
        "1777820000000000000001",
        "0.500000000000000166547006220929549868969843373633921146392822265625",
        "0.50000000000000016656055874808561867439493653364479541778564453125",
        "0.3932922657273",
        "6929495644600919.5",
        "3.7455744005952583e15",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "2.2250738585072013e-308",
        "4.9406564584124654e-324",
        "4.9e-324",
        "5e-324",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272e-324",
        "2e-324",
        "3e-324",
        "7."
        "410984687618698162648531893023320585475897039214871466383785237510132609053131277979497545"
        "424539885696948470431685765963899850655339096945981621940161728171894510697854671067917687"
        "257517734731555330779540854980960845750095811137303474765809687100959097544227100475730780"
        "971111893578483867565399878350301522805593404659373979179073872386829939581848166016912201"
        "945649993128979841136206248449867871357218035220901702390328579173252022052897402080290685"
        "402160661237554998340267130003581248647904138574340187552090159017259254714629617513415977"
        "493871857473787096164563890871811984127167305601704549300470526959016576377688490826798697"
        "257336652176556794107250876433756084600398490497214911746308553955635418864151316847843631"
        "3080237596295773983001708984375e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315808e308",
        "1.8e308",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
        "977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273"
        "854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704"
        "342711559699508093042880",
        "179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558"
        "632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245"
        "490090389328944075868508455133942304583236903222948165808559332123347747797926144147368447"
        "189623904",
        "5e-20",
        "67e14",
        "985e15",
        "55895e-16",
        "60575e-19",
        "9e-26",
        "623e100",
        "3571e263",
        "81661e153",
        "4e-18",
        "1e-10",
        "6e-20",
        "76e-32",
        "205e-36",
        "79e-26",
        "9409e-10",
        "5e125",
        "69e267",
        "999e-026",
        "7861e-034",
        "75569e-254",
        "928609e-261",
        "9210917e080",
        "84863171e114",
        "653777767e273",
        "5232604057e-298",
        "27235667517e-109",
        "653532977297e-123",
        "3142213164987e-294",
        "46202199371337e-072",
        "231010996856685e-073",
        "9324754620109615e212",
        "78459735791271921e049",
        "272104041512242479e200",
        "6802601037806061975e198",
        "20505426358836677347e-221",
        "836168422905420598437e-234",
        "4891559871276714924261e222",
        "9e-265",
        "85e-037",
        "623e100",
        "3571e263",
        "81661e153",
        "920657e-023",
        "4603285e-024",
        "87575437e-309",
        "245540327e122",
        "6138508175e120",
        "83356057653e193",
        "619534293513e124",
        "2335141086879e218",
        "36167929443327e-159",
        "609610927149051e-255",
        "3743626360493413e-165",
        "94080055902682397e-242",
        "899810892172646163e283",
        "7120190517612959703e120",
        "25188282901709339043e-252",
        "308984926168550152811e-052",
        "6372891218502368041059e064",
        "6.9294956446009195e15",
        "1.448997445238699",
        "1."
        "175494140627517859246175898662808184331245864732796240031385942718174675986064769972472277"
        "0042717457e-38",
        "0."
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000123e100",
        "123456789012345678901234567890e-30",
        "00000000000000000000000000000000000000000001",
        "-0",
        "-0.0",
        "0e400",
        "-0e-400",
        "1e400",
        "-1e400",
        "1e-400",
        "1e99999999999",
        "-1e-99999999999",
        "0e99999999999",
        "1e-5000000000000000000",
        "2."
        "225073858507201383090232717332404064219215980462331830553327416887204434813918195854283159"
        "012511020564067339731035811005152434161553460108856012385377718821130777993532002330479610"
        "147442583636071921565046942503734208375250806650616658158948720491179968591639648500635908"
        "770118304874799780887753749949451580451605050915399856582470818645113537935804992115981085"
        "766051992433352114352390148795699609591288891602992641511063466313393663477586513029371762"
        "04732563178148566435087212282863764204481681140761390247687706337e-308",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(cases[i]);
    }
}

/* A point moved through many zeros, against an exponent that takes it back. */
static void num_parse__agrees_with_strtod_on_very_long_texts(void **state)
{
    (void)state;
    enum { SIZE = 20000 };
    static char text[SIZE + 64];
    for (size_t zeros = 1; zeros < SIZE; zeros = zeros * 3 + 1) {
        memset(text, '0', zeros);
        snprintf(text + zeros, 64, "123456789.5e-20");
        check(text);
        text[0] = '0';
        text[1 % zeros] = zeros > 1 ? '.' : '0';
        snprintf(text + zeros, 64, "17976931348623157e%zu", zeros + 280);
        check(text);
        text[0] = '7';
        memset(text + 1, '0', zeros - 1);
        snprintf(text + zeros, 64, ".25e-%zu", zeros + 20);
        check(text);
    }
}

static int open_locale(void **state)
{
    (void)state;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale == (locale_t)0;
}

static int close_locale(void **state)
{
    (void)state;
    freelocale(c_locale);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(num_parse__agrees_with_strtod_on_the_published_hard_cases),
        cmocka_unit_test(num_parse__agrees_with_strtod_at_all_exponents),
        cmocka_unit_test(num_parse__agrees_with_strtod_on_very_long_texts),
        cmocka_unit_test(num_parse__agrees_with_strtod_on_random_texts),
    };
    return cmocka_run_group_tests(tests, open_locale, close_locale);
}
