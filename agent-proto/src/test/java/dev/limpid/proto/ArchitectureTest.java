package dev.limpid.proto;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.library.GeneralCodingRules;

/** Rules as methods: Surefire does not count fields as tests. */
@AnalyzeClasses(packages = "dev.limpid.proto", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static void packagesHaveNoCycles(JavaClasses classes) {
    slices().matching("dev.limpid.(proto..)").should().beFreeOfCycles().check(classes);
  }

  @ArchTest
  static void framesAndSocketsKnowNothingOfWhatUsesThem(JavaClasses classes) {
    noClasses()
        .that()
        .resideInAnyPackage("dev.limpid.proto.frame", "dev.limpid.proto.socket")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.limpid.proto", "dev.limpid.oci..")
        .check(classes);
  }

  @ArchTest
  static void framesAndSocketsKnowNothingOfEachOther(JavaClasses classes) {
    slices().matching("dev.limpid.proto.(*)").should().notDependOnEachOther().check(classes);
  }

  @ArchTest
  static void nothingPrints(JavaClasses classes) {
    GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(classes);
  }

  @ArchTest
  static void nothingEndsTheProcess(JavaClasses classes) {
    noClasses()
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(classes);
  }

  @ArchTest
  static void nothingReadsJsonOnItsOwn(JavaClasses classes) {
    noClasses().should().dependOnClassesThat().resideInAPackage("com.fasterxml..").check(classes);
  }
}
