//! The units that are understood, by every name that senders give them: UCUM, UN/CEFACT recommendation 20, SenML (RFC 8428, RFC 8798), and
//! what stands on type plates.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::dimension::Dimension::{self, *};
use super::dimension::Measure;

/// Kind, times, by, nought, names.
type Row = (Dimension, f64, f64, f64, &'static [&'static str]);

const PI: f64 = std::f64::consts::PI;
/// Standard acceleration of free fall, in m/s².
const G: f64 = 9.806_65;
/// A pound-force per square inch, in pascal.
const PSI: f64 = 6_894.757_293_168_361;

/// One row a unit; the base of each kind is its first row. Names of UN/CEFACT are upper case or begin with a digit.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (Length, 1.0, 1.0, 0.0, &["m", "MTR", "metre", "meter"]),
    (Length, 1.0, 1e3, 0.0, &["mm", "MMT"]),
    (Length, 1.0, 1e2, 0.0, &["cm", "CMT"]),
    (Length, 1.0, 10.0, 0.0, &["dm", "DMT"]),
    (Length, 1e3, 1.0, 0.0, &["km", "KMT"]),
    (Length, 1.0, 1e6, 0.0, &["um", "µm", "μm", "4H"]),
    (Length, 254.0, 1e4, 0.0, &["in", "[in_i]", "inch", "INH"]),
    (Length, 3_048.0, 1e4, 0.0, &["ft", "[ft_i]", "foot", "FOT"]),
    (Length, 1_609_344.0, 1e3, 0.0, &["mi", "[mi_i]", "mile", "SMI"]),
    (Length, 1_852.0, 1.0, 0.0, &["nmi", "[nmi_i]", "NMI"]),
    (Area, 1.0, 1.0, 0.0, &["m2", "m²", "MTK"]),
    (Area, 1.0, 1e4, 0.0, &["cm2", "cm²", "CMK"]),
    (Area, 1e6, 1.0, 0.0, &["km2", "km²", "KMK"]),
    (Area, 1e4, 1.0, 0.0, &["ha", "har", "HAR"]),
    (Volume, 1.0, 1.0, 0.0, &["m3", "m³", "MTQ"]),
    (Volume, 1.0, 1e3, 0.0, &["l", "L", "dm3", "dm³", "LTR", "litre", "liter", "DMQ"]),
    (Volume, 1.0, 1e6, 0.0, &["ml", "mL", "cm3", "cm³", "MLT", "CMQ"]),
    (Volume, 1.0, 10.0, 0.0, &["hl", "hL", "HLT"]),
    (Volume, 3_785_411_784.0, 1e12, 0.0, &["gal", "[gal_us]", "GLL"]),
    (Volume, 28_316_846_592.0, 1e12, 0.0, &["ft3", "ft³", "[cft_i]", "FTQ"]),
    (Mass, 1.0, 1.0, 0.0, &["kg", "KGM"]),
    (Mass, 1.0, 1e3, 0.0, &["g", "GRM"]),
    (Mass, 1.0, 1e6, 0.0, &["mg", "MGM"]),
    (Mass, 1.0, 1e9, 0.0, &["ug", "µg", "μg", "MC"]),
    (Mass, 1e3, 1.0, 0.0, &["t", "TNE"]),
    (Mass, 45_359_237.0, 1e8, 0.0, &["lb", "[lb_av]", "LBR"]),
    (Time, 1.0, 1.0, 0.0, &["s", "SEC", "sec"]),
    (Time, 1.0, 1e3, 0.0, &["ms", "C26"]),
    (Time, 1.0, 1e6, 0.0, &["us", "µs", "μs", "B98"]),
    (Time, 60.0, 1.0, 0.0, &["min", "MIN"]),
    (Time, 3_600.0, 1.0, 0.0, &["h", "HUR", "hour", "hr"]),
    (Time, 86_400.0, 1.0, 0.0, &["d", "DAY", "day"]),
    (Temperature, 1.0, 1.0, 0.0, &["Cel", "°C", "CEL", "degC", "℃", "C", "ºC", "celsius"]),
    (Temperature, 1.0, 1.0, 273.15, &["K", "KEL", "kelvin"]),
    (Temperature, 5.0, 9.0, 32.0, &["[degF]", "°F", "FAH", "degF", "℉", "F", "ºF", "fahrenheit"]),
    (Current, 1.0, 1.0, 0.0, &["A", "AMP", "ampere"]),
    (Current, 1.0, 1e3, 0.0, &["mA", "4K"]),
    (Current, 1.0, 1e6, 0.0, &["uA", "µA", "μA", "B84"]),
    (Current, 1e3, 1.0, 0.0, &["kA", "B22"]),
    (Charge, 1.0, 1.0, 0.0, &["C", "COU"]),
    (Charge, 3_600.0, 1.0, 0.0, &["Ah", "A.h", "AMH"]),
    (Charge, 36.0, 10.0, 0.0, &["mAh", "mA.h", "E09"]),
    (Voltage, 1.0, 1.0, 0.0, &["V", "VLT", "volt"]),
    (Voltage, 1.0, 1e3, 0.0, &["mV", "2Z"]),
    (Voltage, 1e3, 1.0, 0.0, &["kV", "KVT"]),
    (Resistance, 1.0, 1.0, 0.0, &["Ohm", "ohm", "Ω", "\u{2126}", "OHM"]),
    (Resistance, 1e3, 1.0, 0.0, &["kOhm", "kohm", "kΩ", "k\u{2126}", "B49"]),
    (Resistance, 1e6, 1.0, 0.0, &["MOhm", "MΩ", "M\u{2126}", "B75"]),
    (Capacitance, 1.0, 1.0, 0.0, &["F", "FAR"]),
    (Capacitance, 1.0, 1e6, 0.0, &["uF", "µF", "μF", "4O"]),
    (Power, 1.0, 1.0, 0.0, &["W", "WTT", "watt"]),
    (Power, 1.0, 1e3, 0.0, &["mW", "C31"]),
    (Power, 1e3, 1.0, 0.0, &["kW", "KWT"]),
    (Power, 1e6, 1.0, 0.0, &["MW", "MAW"]),
    (ApparentPower, 1.0, 1.0, 0.0, &["VA", "V.A", "D46"]),
    (ApparentPower, 1e3, 1.0, 0.0, &["kVA", "kV.A", "KVA"]),
    (ReactivePower, 1.0, 1.0, 0.0, &["var", "VAr", "D44"]),
    (ReactivePower, 1e3, 1.0, 0.0, &["kvar", "kVAr", "KVR"]),
    (Energy, 1.0, 1.0, 0.0, &["J", "W.s", "JOU", "Ws"]),
    (Energy, 1e3, 1.0, 0.0, &["kJ", "KJO"]),
    (Energy, 1e6, 1.0, 0.0, &["MJ", "3B"]),
    (Energy, 3_600.0, 1.0, 0.0, &["Wh", "W.h", "WHR"]),
    (Energy, 3.6e6, 1.0, 0.0, &["kWh", "kW.h", "KWH"]),
    (Energy, 3.6e9, 1.0, 0.0, &["MWh", "MW.h", "MWH"]),
    (ApparentEnergy, 3_600.0, 1.0, 0.0, &["VAh", "V.A.h"]),
    (ApparentEnergy, 3.6e6, 1.0, 0.0, &["kVAh", "kV.A.h", "C79"]),
    (ApparentEnergy, 1.0, 1.0, 0.0, &["VAs"]),
    (ReactiveEnergy, 1.0, 1.0, 0.0, &["vars"]),
    (ReactiveEnergy, 3_600.0, 1.0, 0.0, &["varh", "VArh"]),
    (ReactiveEnergy, 3.6e6, 1.0, 0.0, &["kvarh", "kVArh", "K3"]),
    (Frequency, 1.0, 1.0, 0.0, &["Hz", "1/s", "/s", "s-1", "HTZ", "C97", "fps"]),
    (Frequency, 1e3, 1.0, 0.0, &["kHz", "KHZ"]),
    (Frequency, 1e6, 1.0, 0.0, &["MHz", "MHZ"]),
    (Frequency, 1e9, 1.0, 0.0, &["GHz", "A86"]),
    (Frequency, 1.0, 60.0, 0.0, &["1/min", "/min", "rpm", "r/min", "RPM", "beat/min", "C94"]),
    (Frequency, 1.0, 3_600.0, 0.0, &["1/h", "/h", "H10"]),
    (Pressure, 1.0, 1.0, 0.0, &["Pa", "PAL"]),
    (Pressure, 1e2, 1.0, 0.0, &["hPa", "mbar", "A97", "MBR"]),
    (Pressure, 1e3, 1.0, 0.0, &["kPa", "KPA"]),
    (Pressure, 1e6, 1.0, 0.0, &["MPa", "MPA"]),
    (Pressure, 1e5, 1.0, 0.0, &["bar", "BAR"]),
    (Pressure, PSI, 1.0, 0.0, &["psi", "[psi]", "PS"]),
    (Pressure, 101_325.0, 1.0, 0.0, &["atm", "ATM"]),
    (Pressure, 980_665.0, 1e2, 0.0, &["mH2O", "m[H2O]", "mca", "m c.a."]),
    (Pressure, 133_322.387_415, 1e3, 0.0, &["mmHg", "mm[Hg]", "HN"]),
    (Force, 1.0, 1.0, 0.0, &["N", "NEW"]),
    (Force, 1e3, 1.0, 0.0, &["kN", "B47"]),
    (Speed, 1.0, 1.0, 0.0, &["m/s", "MTS"]),
    (Speed, 1.0, 1e3, 0.0, &["mm/s", "C16"]),
    (Speed, 1e3, 3_600.0, 0.0, &["km/h", "KMH", "kph"]),
    (Speed, 1_852.0, 3_600.0, 0.0, &["kn", "[kn_i]", "kt", "KNT"]),
    (Speed, 1_609_344.0, 3.6e6, 0.0, &["mph", "[mi_i]/h", "mi/h", "HM"]),
    (AngularSpeed, 1.0, 1.0, 0.0, &["rad/s", "2A"]),
    (AngularSpeed, PI, 180.0, 0.0, &["deg/s", "°/s", "E96"]),
    (Acceleration, 1.0, 1.0, 0.0, &["m/s2", "m/s²", "MSK"]),
    (Acceleration, 1.0, 1e3, 0.0, &["mm/s2", "mm/s²"]),
    (Acceleration, G, 1.0, 0.0, &["[g]", "g", "K40", "gn"]),
    (Acceleration, G, 1e3, 0.0, &["m[g]", "mg", "mgn"]),
    (Angle, 1.0, 1.0, 0.0, &["rad", "C81"]),
    (Angle, 1.0, 1e3, 0.0, &["mrad", "C25"]),
    (Angle, 1.0, 1e6, 0.0, &["urad", "µrad", "μrad", "B97"]),
    (Angle, PI, 180.0, 0.0, &["deg", "°", "DD"]),
    (VolumeFlow, 1.0, 1.0, 0.0, &["m3/s", "m³/s", "MQS"]),
    (VolumeFlow, 1.0, 3_600.0, 0.0, &["m3/h", "m³/h", "MQH"]),
    (VolumeFlow, 1.0, 1e3, 0.0, &["l/s", "L/s", "G51"]),
    (VolumeFlow, 1.0, 6e4, 0.0, &["l/min", "L/min", "lpm", "L2"]),
    (VolumeFlow, 1.0, 3.6e6, 0.0, &["l/h", "L/h", "E32"]),
    (VolumeFlow, 1.0, 86_400.0, 0.0, &["m3/d", "m³/d", "G52"]),
    (VolumeFlow, 3_785_411_784.0, 6e13, 0.0, &["gal/min", "gpm", "[gal_us]/min", "G2"]),
    (MassFlow, 1.0, 1.0, 0.0, &["kg/s", "KGS"]),
    (MassFlow, 1.0, 3_600.0, 0.0, &["kg/h", "E93"]),
    (Precipitation, 1.0, 1.0, 0.0, &["mm/h", "l/(m2.h)", "H67"]),
    (Precipitation, 1e3, 1.0, 0.0, &["m/h", "M60"]),
    (Precipitation, 1.0, 24.0, 0.0, &["mm/d"]),
    (Concentration, 1.0, 1.0, 0.0, &["ug/m3", "µg/m³", "μg/m³", "µg/m3", "μg/m3", "ug/m³", "GQ"]),
    (Concentration, 1e3, 1.0, 0.0, &["mg/m3", "mg/m³", "GP", "ug/l", "µg/l", "μg/l", "ug/L", "µg/L", "μg/L", "H29"]),
    (Concentration, 1e6, 1.0, 0.0, &["mg/l", "mg/L", "g/m3", "g/m³", "M1", "A93"]),
    (Concentration, 1e9, 1.0, 0.0, &["g/l", "g/L", "kg/m3", "kg/m³", "GL", "KMQ"]),
    (Fraction, 1.0, 1.0, 0.0, &["1", "/", "C62", "{ratio}"]),
    (Fraction, 1.0, 1e2, 0.0, &["%", "P1", "%RH", "%EL", "% RH", "%rH", "/100", "percent"]),
    (Fraction, 1.0, 1e3, 0.0, &["[ppth]", "‰", "/1000", "NX"]),
    (Fraction, 1.0, 1e6, 0.0, &["ppm", "[ppm]", "59"]),
    (Fraction, 1.0, 1e9, 0.0, &["ppb", "[ppb]", "61"]),
    (Acidity, 1.0, 1.0, 0.0, &["pH", "[pH]", "Q30"]),
    (Turbidity, 1.0, 1.0, 0.0, &["NTU", "{NTU}", "FNU", "{FNU}", "FTU"]),
    (Conductivity, 1.0, 1.0, 0.0, &["S/m", "D10"]),
    (Conductivity, 1.0, 10.0, 0.0, &["mS/cm", "H61"]),
    (Conductivity, 1.0, 1e4, 0.0, &["uS/cm", "µS/cm", "μS/cm", "G42"]),
    (Illuminance, 1.0, 1.0, 0.0, &["lx", "LUX", "lux"]),
    (Illuminance, 1e3, 1.0, 0.0, &["klx", "KLX", "klux"]),
    (Luminance, 1.0, 1.0, 0.0, &["cd/m2", "cd/m²", "A24"]),
    (LuminousFlux, 1.0, 1.0, 0.0, &["lm", "LUM"]),
    (LuminousFlux, 1e3, 1.0, 0.0, &["klm"]),
    (LuminousIntensity, 1.0, 1.0, 0.0, &["cd", "CDL"]),
    (Irradiance, 1.0, 1.0, 0.0, &["W/m2", "W/m²", "D54"]),
    (Irradiance, 1e3, 1.0, 0.0, &["kW/m2", "kW/m²"]),
    (SoundLevel, 1.0, 1.0, 0.0, &["dB", "dB(A)", "dBA", "dB[SPL]", "dB(C)", "dB(Z)", "2N"]),
    (SoundLevel, 10.0, 1.0, 0.0, &["B", "Bspl", "B[SPL]", "M72"]),
    (PowerLevel, 1.0, 1.0, 0.0, &["dBm", "dB[mW]"]),
    (PowerLevel, 1.0, 1.0, -30.0, &["dBW", "dB[W]"]),
    (Data, 1.0, 1.0, 0.0, &["bit", "A99"]),
    (Data, 8.0, 1.0, 0.0, &["B", "By", "byte", "AD"]),
    (Data, 8e3, 1.0, 0.0, &["kB", "kBy", "2P"]),
    (Data, 8e6, 1.0, 0.0, &["MB", "MBy", "4L"]),
    (Data, 8e9, 1.0, 0.0, &["GB", "GBy", "E34"]),
    (Data, 8_192.0, 1.0, 0.0, &["KiB", "KiBy", "E64"]),
    (Data, 8_388_608.0, 1.0, 0.0, &["MiB", "MiBy", "E63"]),
    (DataRate, 1.0, 1.0, 0.0, &["bit/s", "bps", "B10"]),
    (DataRate, 1e3, 1.0, 0.0, &["kbit/s", "kbps", "C74"]),
    (DataRate, 1e6, 1.0, 0.0, &["Mbit/s", "Mbps", "E20"]),
    (DataRate, 8.0, 1.0, 0.0, &["B/s", "By/s", "P93"]),
    (DataRate, 8e6, 1.0, 0.0, &["MB/s", "MBy/s", "P95"]),
    (Activity, 1.0, 1.0, 0.0, &["Bq", "BQL"]),
    (DoseRate, 1.0, 1.0, 0.0, &["Sv/s", "P65"]),
    (DoseRate, 1.0, 3.6e9, 0.0, &["uSv/h", "µSv/h", "μSv/h", "P72"]),
    (DoseRate, 1.0, 3.6e12, 0.0, &["nSv/h", "P73"]),
    (Substance, 1.0, 1.0, 0.0, &["mol", "C34"]),
];

static BY_NAME: LazyLock<HashMap<&'static str, Vec<Measure>>> = LazyLock::new(|| {
    let mut names: HashMap<&'static str, Vec<Measure>> = HashMap::new();
    for (dimension, times, by, zero, spellings) in ROWS {
        let measure = Measure { dimension: *dimension, times: *times, by: *by, zero: *zero };
        for spelling in *spellings {
            names.entry(spelling).or_default().push(measure);
        }
    }
    names
});

/// What a name of a unit may stand for; nothing when it is not known.
pub fn measures(name: &str) -> &'static [Measure] {
    BY_NAME.get(name.trim()).map_or(&[], Vec::as_slice)
}

/// Whether a unit is understood.
pub fn is_known(name: &str) -> bool {
    !measures(name).is_empty()
}

/// Every name.
#[cfg(test)]
pub(super) fn spellings() -> impl Iterator<Item = &'static str> {
    ROWS.iter().flat_map(|(.., names)| names.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_stands_twice_within_one_kind() {
        let mut seen = HashSet::new();
        for (dimension, .., names) in ROWS {
            for name in *names {
                assert!(seen.insert((dimension, name)), "{name} stands twice for {dimension:?}");
            }
        }
    }

    #[test]
    fn only_names_that_everyday_use_has_bent_stand_for_two_kinds() {
        let mut bent: Vec<&str> = BY_NAME.iter().filter(|(_, all)| all.len() > 1).map(|(name, _)| *name).collect();
        bent.sort_unstable();
        assert_eq!(bent, ["B", "C", "F", "g", "mg"]);
    }

    #[test]
    fn every_row_can_be_divided_by_and_every_kind_begins_with_its_base() {
        let mut kinds = HashSet::new();
        for (dimension, times, by, zero, names) in ROWS {
            assert!(*times > 0.0 && *by > 0.0 && times.is_finite() && by.is_finite(), "{names:?}");
            if kinds.insert(*dimension) && !matches!(dimension, Dimension::ApparentEnergy) {
                assert_eq!((*times, *by, *zero), (1.0, 1.0, 0.0), "{dimension:?} does not begin with its base");
            }
        }
    }

    #[test]
    fn the_units_of_senml_are_understood() {
        let registered = [
            "m", "kg", "g", "s", "A", "K", "cd", "mol", "Hz", "rad", "N", "Pa", "J", "W", "C", "V", "F", "Ohm", "Cel",
            "lm", "lx", "Bq", "m2", "m3", "l", "m/s", "m/s2", "m3/s", "l/s", "W/m2", "cd/m2", "bit", "bit/s", "pH",
            "dB", "dBW", "Bspl", "/", "%", "%RH", "%EL", "1/s", "1/min", "beat/min", "S/m", "B", "VA", "VAs", "var",
            "vars", "kg/m3", "deg", "NTU", "ms", "min", "h", "MHz", "kW", "kVA", "kvar", "Ah", "Wh", "kWh", "varh",
            "kvarh", "kVAh", "KiB", "GB", "Mbit/s", "B/s", "MB/s", "mV", "mA", "dBm", "ug/m3", "mm/h", "m/h", "ppm",
            "/100", "/1000", "hPa", "mm", "cm", "km", "km/h",
        ];
        let missing: Vec<_> = registered.into_iter().filter(|name| !is_known(name)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    /// Factors as UN/CEFACT recommendation 20 prints them, to the digits that it prints.
    #[test]
    fn factors_are_those_that_are_published() {
        let published: [(&str, Dimension, f64, f64); 26] = [
            ("INH", Length, 25.4e-3, 0.0),
            ("FOT", Length, 0.3048, 0.0),
            ("SMI", Length, 1_609.344, 0.0),
            ("LBR", Mass, 0.453_592_37, 0.0),
            ("TNE", Mass, 1e3, 0.0),
            ("GLL", Volume, 3.785_412e-3, 0.0),
            ("FTQ", Volume, 2.831_685e-2, 0.0),
            ("KEL", Temperature, 1.0, 273.15),
            ("FAH", Temperature, 0.555_555_6, 32.0),
            ("AMH", Charge, 3.6e3, 0.0),
            ("WHR", Energy, 3.6e3, 0.0),
            ("KWH", Energy, 3.6e6, 0.0),
            ("MBR", Pressure, 1e2, 0.0),
            ("PS", Pressure, 6.894_757e3, 0.0),
            ("ATM", Pressure, 101_325.0, 0.0),
            ("HN", Pressure, 133.322_4, 0.0),
            ("KMH", Speed, 0.277_778, 0.0),
            ("KNT", Speed, 0.514_444, 0.0),
            ("HM", Speed, 0.447_04, 0.0),
            ("DD", Angle, 1.745_329e-2, 0.0),
            ("MQH", VolumeFlow, 2.777_78e-4, 0.0),
            ("L2", VolumeFlow, 1.666_67e-5, 0.0),
            ("G2", VolumeFlow, 6.309_020e-5, 0.0),
            ("K40", Acceleration, 9.806_65, 0.0),
            ("RPM", Frequency, 1.666_67e-2, 0.0),
            ("59", Fraction, 1e-6, 0.0),
        ];
        for (code, dimension, factor, zero) in published {
            let measure = measures(code).iter().find(|measure| measure.dimension == dimension);
            let measure = measure.unwrap_or_else(|| panic!("{code} is not known as {dimension:?}"));
            let found = measure.times / measure.by;
            assert!((found - factor).abs() <= factor * 2e-6, "{code}: {found}, published {factor}");
            assert_eq!(measure.zero, zero, "{code}");
        }
    }
}
