/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"

#include "input/label.h"

static hb_units *units;
static hb_arena arena;

static int setup(void **state)
{
    (void)state;
    hb_arena_init(&arena, 8 << 20);
    return hb_units_open(&units, NULL) == HB_OK ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    hb_units_close(units);
    hb_arena_release(&arena);
    return 0;
}

typedef struct split {
    const char *header;
    const char *label;
    const char *unit;
} split;

static void check(const split *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_label l;
        CHECK_OK(hb_label_split(hb_str_of(rows[i].header), units, &arena, &l, &err));
        if (!hb_str_eq_c(l.label, rows[i].label) || !hb_str_eq_c(l.unit, rows[i].unit)) {
            fail_msg("'%s' gave '%.*s' in '%.*s'", rows[i].header, (int)l.label.n, l.label.p,
                     (int)l.unit.n, l.unit.p);
        }
        assert_true((l.unit.n > 0) == (l.how != NULL) && (l.unit.n > 0) == (l.written.n > 0));
        assert_true(l.unit.n ? l.confidence > 0 && l.confidence <= 1 : l.confidence == 0);
    }
}
#define CHECK_ROWS(rows) check(rows, sizeof(rows) / sizeof *(rows))

static void label_split__units_stand_in_brackets(void **state)
{
    (void)state;
    static const split rows[] = {
        {"Temp [°C]", "Temp", "degC"},
        {"Temp\n[°C]", "Temp", "degC"},
        {"Motor\r\ntemp [°C]", "Motor temp", "degC"},
        {"Temp.[°C]", "Temp.", "degC"},
        {"Avg Latency (ms)", "Avg Latency", "ms"},
        {"101 <Inlet> (C)", "101 <Inlet>", "degC"},
        {"103 <Rail> (VDC)", "103 <Rail>", "V"},
        {"104 <Shunt> (OHM)", "104 <Shunt>", "ohm"},
        {"CH1 (V)", "CH1", "V"},
        {"n_act [1/min]", "n_act", "rpm"},
        {"Net (BTU)", "Net", "Btu"},
        {"Torque (M) [Nm]", "Torque (M)", "N m"},
        {"Charge (Ah)", "Charge", "A.h"},
        {"Charge (C)", "Charge", "C"},
        {"Accel (g)", "Accel", "standard_free_fall"},
        {"Mass (g)", "Mass", "g"},
        {"Temp (°C, avg)", "Temp", "degC"},
        {"Pressure (bar abs)", "Pressure", "bar"},
        {"v / (m/s)", "v", "m/s"},
        {"T (°C) inlet", "T inlet", "degC"},
        {"Ratio (-)", "Ratio", ""},
        {"eta [-]", "eta", ""},
        {"eta [1]", "eta", "1"},
        {"Time (min)", "Time", "min"},
        {"Rope [furlong]", "Rope", "furlong"},
        {"[V]", "[V]", "V"},
    };
    CHECK_ROWS(rows);
}

static void label_split__what_only_looks_like_a_unit_stays(void **state)
{
    (void)state;
    static const split rows[] = {
        {"Strain(1)", "Strain(1)", ""},
        {"Sensor (1)", "Sensor (1)", ""},
        {"Notes, free text", "Notes, free text", ""},
        {"motor temperature, winding", "motor temperature, winding", ""},
        {"motor temperature, A", "motor temperature, A", ""},
        {"Date/Time", "Date/Time", ""},
        {"I/O", "I/O", ""},
        {"N/A", "N/A", ""},
        {"cos φ", "cos φ", ""},
        {"Phase (A)", "Phase (A)", ""},
        {"Voltage (A)", "Voltage (A)", ""},
        {"Force (F)", "Force (F)", ""},
        {"Height (h)", "Height (h)", ""},
        {"Temp (min)", "Temp (min)", ""},
        {"Temp (PV)", "Temp (PV)", ""},
        {"Zeit [hh:mm:ss]", "Zeit [hh:mm:ss]", ""},
        {"Date (dd/mm/yyyy)", "Date (dd/mm/yyyy)", ""},
        {"Wind speed / direction", "Wind speed / direction", ""},
        {"T_in", "T_in", ""},
        {"Temp_min", "Temp_min", ""},
        {"sample_N", "sample_N", ""},
        {"channel_A", "channel_A", ""},
        {"wind_ms", "wind_ms", ""},
        {"PM_25", "PM_25", ""},
        {"sensor_id", "sensor_id", ""},
        {"meas.temp.v", "meas.temp.v", ""},
        {"V", "V", ""},
        {"Count", "Count", ""},
        {"#", "#", ""},
        {"", "", ""},
        {"(", "(", ""},
        {"]", "]", ""},
        {"()", "()", ""},
    };
    CHECK_ROWS(rows);
}

static void label_split__units_stand_behind_marks(void **state)
{
    (void)state;
    static const split rows[] = {
        {"Temp / °C", "Temp", "degC"},
        {"Grid frequency / Hz", "Grid frequency", "Hz"},
        {"v / m/s", "v", "m/s"},
        {"U/V", "U", "V"},
        {"t/s", "t", "s"},
        {"p/mbar", "p", "mbar"},
        {"time/s", "time", "s"},
        {"Ewe/V", "Ewe", "V"},
        {"<I>/mA", "<I>", "mA"},
        {"Re(Z)/Ohm", "Re(Z)", "ohm"},
        {"Wind Direction, ø", "Wind Direction", "degree"},
        {"Water Content, m³/m³ (LGR S/N: 1)", "Water Content", "m3/m3"},
        {"Load, lbf", "Load", "lbf"},
        {"RH, %", "RH", "%"},
        {"Voltage, V", "Voltage", "V"},
        {"Speed in m/s", "Speed", "m/s"},
        {"Druck in mbar", "Druck", "mbar"},
        {"Zeit in s", "Zeit", "s"},
        {"Température en °C", "Température", "degC"},
        {"Speed km/h", "Speed", "km/h"},
        {"Humidity %", "Humidity", "%"},
        {"Elapsed seconds", "Elapsed", "s"},
    };
    CHECK_ROWS(rows);
}

static void label_split__loggers_notes_are_no_part_of_the_label(void **state)
{
    (void)state;
    static const split rows[] = {
        {"Temp, °F (LGR S/N: 20417733, SEN S/N: 20417733)", "Temp", "degF"},
        {"RH, % (LGR S/N: 20417733, SEN S/N: 20417733)", "RH", "%"},
        {"Coupler Detached (LGR S/N: 20417733)", "Coupler Detached", ""},
        {"Date Time, GMT-05:00", "Date Time", ""},
        {"Time (UTC)", "Time", ""},
    };
    CHECK_ROWS(rows);
}

static void label_split__the_end_of_a_name_may_be_a_unit(void **state)
{
    (void)state;
    static const split rows[] = {
        {"Elapsed_ms", "Elapsed", "ms"},
        {"Load_N", "Load", "N"},
        {"Disp_mm", "Disp", "mm"},
        {"temp_degC", "temp", "degC"},
        {"temp_C", "temp", "degC"},
        {"resistance_ohm", "resistance", "ohm"},
        {"offset_ppm", "offset", "ppm"},
        {"t_s", "t", "s"},
        {"strain_µε", "strain", "1e-6"},
        {"flow_l_min", "flow", "l/min"},
        {"Level_in", "Level", "inch"},
        {"T_degC_Avg", "T_degC_Avg", "degC"},
        {"latency_us_p99", "latency_us_p99", "us"},
        {"rpm", "rpm", "rpm"},
        {"Volt", "Volt", "V"},
        {"Second", "Second", ""},
        {"km/h", "km/h", "km/h"},
        {"meas.rpm", "meas.rpm", "rpm"},
        {"m/s²", "m/s²", "m/s2"},
        {"t_epoch_ms", "t_epoch", ""},
    };
    CHECK_ROWS(rows);
}

static void label_unit__cells_of_a_units_row(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"(ms)", "ms"},    {"[V]", "V"},      {"Volts", "V"},
        {"Deg C", "degC"}, {"W/m^2", "W/m2"}, {"microstrain", "1e-6"},
        {"1/min", "rpm"},  {"-", ""},         {"TS", ""},
        {"RN", ""},        {"Avg", ""},       {"Smp", ""},
        {"deg", "degree"}, {"hPa", "hPa"},    {"µm", "um"},
        {"m/s²", "m/s2"},  {"m³/h", "m3/h"},  {"% RH", "%"},
        {"dBm", "dBm"},    {"VDC", "V"},      {"OHM", "ohm"},
        {"lbf", "lbf"},    {"psi", "psi"},    {"psig", "psi"},
        {"in", "inch"},    {"°", "degree"},   {"C", "degC"},
        {"F", "degF"},     {"[°C]", "degC"},  {"[-]", ""},
        {"in °C", "degC"}, {"Nm", "N m"},     {"1", ""},
        {"", ""},          {"Time", ""},      {"UTC", ""},
        {"free text", ""}, {"Volts (V", ""},  {"[[V]]", "V"},
        {"2024", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hb_str unit;
        CHECK_OK(hb_label_unit(hb_str_of(rows[i][0]), units, &arena, &unit, &err));
        if (!hb_str_eq_c(unit, rows[i][1])) {
            fail_msg("'%s' gave '%.*s'", rows[i][0], (int)unit.n, unit.p);
        }
    }
}

static hb_status split_with_little_memory(void)
{
    hb_arena small;
    hb_arena_init(&small, 1 << 20);
    hb_label l = {.how = "before"};
    hb_status status = hb_label_split(HB_STR("Motor\ntemp [°C]"), units, &small, &l, NULL);
    assert_true(status == HB_OK || strcmp(l.how, "before") == 0);
    hb_arena_release(&small);
    return status;
}

static void label_split__out_of_memory_is_told(void **state)
{
    (void)state;
    fault_loop(split_with_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_split__units_stand_in_brackets),
        cmocka_unit_test(label_split__what_only_looks_like_a_unit_stays),
        cmocka_unit_test(label_split__units_stand_behind_marks),
        cmocka_unit_test(label_split__loggers_notes_are_no_part_of_the_label),
        cmocka_unit_test(label_split__the_end_of_a_name_may_be_a_unit),
        cmocka_unit_test(label_unit__cells_of_a_units_row),
        cmocka_unit_test(label_split__out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
