//! Kinds of quantities, and where a unit stands within its kind.

/// A kind of quantity. Numbers are converted within one kind and never across two, even where physics gives them the same base units
/// (a torque is no energy, a relative humidity no load).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dimension {
    Length,
    Area,
    Volume,
    Mass,
    Time,
    Temperature,
    Current,
    Charge,
    Voltage,
    Resistance,
    Capacitance,
    Power,
    ApparentPower,
    ReactivePower,
    Energy,
    ApparentEnergy,
    ReactiveEnergy,
    Frequency,
    Pressure,
    Force,
    Speed,
    AngularSpeed,
    Acceleration,
    Angle,
    VolumeFlow,
    MassFlow,
    Precipitation,
    Concentration,
    Fraction,
    Acidity,
    Turbidity,
    Conductivity,
    Illuminance,
    Luminance,
    LuminousFlux,
    LuminousIntensity,
    Irradiance,
    SoundLevel,
    PowerLevel,
    Data,
    DataRate,
    Activity,
    DoseRate,
    Substance,
}

/// Where a unit stands within its kind: `base = (number - zero) * times / by`. The three numbers are exact doubles wherever the definition of the unit
/// allows it, so that a conversion rounds as seldom as possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The kind.
    pub dimension: Dimension,
    /// Multiplied by this,
    pub times: f64,
    /// and divided by this.
    pub by: f64,
    /// The number at which the base unit says nought.
    pub zero: f64,
}
