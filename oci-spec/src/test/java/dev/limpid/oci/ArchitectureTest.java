package dev.limpid.oci;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.limpid.oci.json.JsonReader;

/**
 * The module says what documents mean: it prints nothing, ends nothing and needs next to nothing.
 */
@AnalyzeClasses(packages = "dev.limpid.oci", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /** Each package is a slice, the outermost too, which a pattern of packages would leave out. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return SliceIdentifier.of(javaClass.getPackageName());
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  @ArchTest
  void packagesHaveNoCycles(JavaClasses classes) {
    slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(classes);
  }

  @ArchTest
  void needsTheJdkAndJacksonCoreAlone(JavaClasses classes) {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "dev.limpid.oci..", "com.fasterxml.jackson.core..")
        .because("every other library costs time at each start")
        .check(classes);
  }

  @ArchTest
  void doesNotUseDatabind(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson.databind..")
        .because("it costs 80 ms at each start")
        .check(classes);
  }

  @ArchTest
  void onlyTheReaderKnowsJackson(JavaClasses classes) {
    noClasses()
        .that()
        .doNotBelongToAnyOf(JsonReader.class)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(classes);
  }

  @ArchTest
  void printsNothing(JavaClasses classes) {
    noClasses().should(ACCESS_STANDARD_STREAMS).check(classes);
  }

  @ArchTest
  void endsNothing(JavaClasses classes) {
    noClasses()
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .because("how a run ends is for the command to decide")
        .check(classes);
  }
}
